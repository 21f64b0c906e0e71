import { type Clock, limits, type NodeId, type Random } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import type { NodeRecord } from "@meshwork/protocol";
import { type Broadcasting, createBroadcasting } from "./broadcast.ts";
import type { Channels } from "./channels.ts";
import type { CheckEnvelope } from "./check-envelope.ts";
import { type Courier, createCourier } from "./courier.ts";
import type { Discovery } from "./discovery.ts";
import { P2pError } from "./errors.ts";
import type { Host } from "./host.ts";
import type { Identity } from "./identity.ts";
import { createInbox } from "./inbox.ts";
import type { PeerLimits } from "./limits-per-peer.ts";
import { createLinks } from "./links.ts";
import type { StreamHandlers } from "./message.ts";
import { type MessageFrame, messageFrame } from "./message-frame.ts";
import type { Peers } from "./peers.ts";
import { createSealQueue } from "./seal-queue.ts";

/** Signed messages between NodeIds; nobody who uses this sees an address, a relay or a stream. */
export interface Messaging extends Broadcasting {
  connectToPeer(nodeId: NodeId, signal?: AbortSignal): Promise<NodeRecord>;
  /** Where the node says that it is; `PEER_NOT_FOUND` when nobody knows. */
  findPeer(nodeId: NodeId, signal?: AbortSignal): Promise<NodeRecord>;
  /**
   * At least once, deduplicated, in order per stream, over reconnects. Resolves when the receiver's
   * handler took it. `MESSAGE_EXPIRED`, `MESSAGE_REFUSED` (with the handler's code), `OUTBOX_FULL`.
   */
  send(nodeId: NodeId, stream: string, payload: Uint8Array, options?: SendOptions): Promise<void>;
  /** Resolves with the reply. `REQUEST_TIMEOUT`, `REQUEST_REFUSED` (with the handler's code). */
  request(
    nodeId: NodeId,
    stream: string,
    payload: Uint8Array,
    options?: RequestOptions,
  ): Promise<Uint8Array>;
  /** One handler a stream; register before `start`. The result ends it. */
  handle(stream: string, handlers: StreamHandlers): () => void;
  start(): Promise<void>;
  stop(): void;
}

export interface SendOptions {
  /** How long to try. @default 60000 */
  ttlMs?: number;
  /** W3C trace context. @default none */
  traceparent?: string;
}

export interface RequestOptions {
  /** @default 30000 */
  timeoutMs?: number;
  /** W3C trace context. @default none */
  traceparent?: string;
  signal?: AbortSignal;
}

export interface MessagingParts {
  identity: Identity;
  host: Host;
  channels: Channels;
  peers: Peers;
  discovery: Discovery;
  check: CheckEnvelope;
  peerLimits: PeerLimits;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
}

export function createMessaging(parts: MessagingParts): Messaging {
  const { channels, clock, log, peerLimits, peers } = parts;
  const seals = createSealQueue(parts.identity.keyPair);
  const links = createLinks({
    channels,
    clock,
    log,
    onFrame: async (nodeId, frame) => {
      await peerLimits.admit(nodeId, frame.length);
      onFrame(
        nodeId,
        read(frame, () => peerLimits.penalise(nodeId, "ENVELOPE_MALFORMED")),
      );
    },
    onUp: (nodeId) => courier.onUp(nodeId),
    onDead: (nodeId) => peers.drop(nodeId, new Error(`${nodeId} answers no longer`)),
  });
  const courier: Courier = createCourier({ ...parts, links, seals });
  const inbox = createInbox({
    ...parts,
    tell: (nodeId, frame) => ignoreLoss(links.send(nodeId, messageFrame.encode(frame))),
    reply: (request, payload) => ignoreLoss(courier.reply(request, payload)),
    onReply: (reply, inReplyTo) => courier.onDelivered(reply.from, inReplyTo, reply),
    penalise: peerLimits.penalise,
  });

  const onFrame = (nodeId: NodeId, frame: MessageFrame) => {
    switch (frame.kind) {
      case "message":
        return inbox.take(nodeId, frame.envelope, frame.payload);
      case "delivered":
        return courier.onDelivered(nodeId, frame.id, null);
      case "held":
        return courier.onHeld(nodeId, frame.id);
      case "refused":
        return courier.onRefused(nodeId, frame);
    }
  };

  return {
    ...createBroadcasting({ ...parts, seals }),
    ...outward(parts, courier),
    handle: inbox.handle,
    start: links.start,
    stop() {
      courier.stop();
      links.stop();
    },
  };
}

function outward({ peers, discovery }: MessagingParts, courier: Courier) {
  return {
    connectToPeer: peers.connect,
    async findPeer(nodeId, signal) {
      const record = await discovery.find(nodeId, signal);
      if (record) return record;
      throw new P2pError("PEER_NOT_FOUND", `no record of ${nodeId} is known here or in the DHT`);
    },
    async send(to, stream, payload, { ttlMs = 60_000, traceparent = "" } = {}) {
      await courier.post({ kind: "send", to, stream, payload, ttlMs: bounded(ttlMs), traceparent });
    },
    async request(to, stream, payload, { timeoutMs = 30_000, traceparent = "", signal } = {}) {
      const ttlMs = bounded(timeoutMs);
      const letter = { kind: "request", to, stream, payload, ttlMs, traceparent, signal } as const;
      const reply = await courier.post(letter);
      return reply?.payload ?? new Uint8Array(0);
    },
  } satisfies Partial<Messaging>;
}

const bounded = (ttlMs: number): number => Math.min(Math.max(0, ttlMs), limits.messageTtlMs);

function read(frame: Uint8Array, onMalformed: () => void): MessageFrame {
  try {
    return messageFrame.decode(frame);
  } catch (error) {
    onMalformed();
    throw error;
  }
}

/** Acknowledgements and replies may be lost with a link: the other side asks again. */
function ignoreLoss(sent: Promise<void>): void {
  sent.catch(() => {});
}
