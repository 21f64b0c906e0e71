import {
  type Clock,
  type Digest,
  limits,
  type NodeId,
  type Random,
  toHex,
} from "@meshwork/foundation";
import { type EnvelopeHeader, payloadHashOf } from "@meshwork/protocol";
import { P2pError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import type { Links } from "./links.ts";
import type { Message } from "./message.ts";
import { MAX_PAYLOAD_BYTES, type MessageFrame, messageFrame } from "./message-frame.ts";
import { OutboxLane } from "./outbox-lane.ts";
import type { SealQueue } from "./seal-queue.ts";

/** What this node has under way to others, and what came of it. */
export interface Courier {
  /** Resolves with the reply to a request, with null once a send is delivered. */
  post(letter: Letter): Promise<Message | null>;
  /** Signs and sends the reply to a request; if the link is gone, the requester asks again. */
  reply(request: Message, payload: Uint8Array): Promise<void>;
  /** The peer's word on a message of ours; `reply` when it came as one. */
  onDelivered(nodeId: NodeId, id: Digest, reply: Message | null): void;
  onHeld(nodeId: NodeId, id: Digest): void;
  onRefused(nodeId: NodeId, refusal: Extract<MessageFrame, { kind: "refused" }>): void;
  /** A new link to the peer: what is under way goes again. */
  onUp(nodeId: NodeId): void;
  stop(): void;
}

export interface Letter {
  kind: "send" | "request";
  to: NodeId;
  stream: string;
  payload: Uint8Array;
  ttlMs: number;
  traceparent: string;
  signal?: AbortSignal | undefined;
}

export interface CourierParts {
  identity: Identity;
  links: Links;
  seals: SealQueue;
  clock: Clock;
  random: Random;
}

/** A receiver keeps 256 out of order at most: sending more at once would only bring refusals. */
const WINDOWS = { send: 128, request: limits.requestsPerPeer } as const;

interface Lane {
  readonly outbox: OutboxLane;
  readonly incarnation: bigint;
  readonly to: NodeId;
}

interface Pending {
  readonly letter: Letter;
  readonly lane: Lane;
  readonly seq: number;
  readonly settle: (outcome: Message | null | Error) => void;
}

export function createCourier(parts: CourierParts): Courier {
  const lanes = createLanes(parts);
  const pending = new Map<Digest, Pending>();
  const transmit = transmitter(parts);
  let pendingBytes = 0;

  const settle = (nodeId: NodeId, id: Digest, outcome: Message | null | Error) => {
    const known = pending.get(id);
    if (known?.letter.to !== nodeId) return;
    pending.delete(id);
    pendingBytes -= known.letter.payload.length;
    known.lane.outbox.settle(known.seq);
    known.settle(outcome);
  };

  const post: Courier["post"] = (letter) =>
    new Promise((resolve, reject) => {
      letter.signal?.throwIfAborted();
      if (letter.to === parts.identity.nodeId) throw toOneself();
      refuseLarge(letter.payload, pendingBytes);
      const id = toHex(parts.random.bytes(32)) as Digest;
      const lane = lanes.of(letter);
      const sent = parts.clock.now();
      const giveUp = (error: Error) => settle(letter.to, id, error);
      const seq = lane.outbox.add({
        ttlMs: letter.ttlMs,
        transmit: (place) =>
          transmit(letter, { ...place, id, sent, incarnation: lane.incarnation }),
        expire: (cause) => giveUp(tooLate(letter, cause)),
      });
      const onAbort = () => giveUp(letter.signal?.reason);
      letter.signal?.addEventListener("abort", onAbort, { once: true });
      pendingBytes += letter.payload.length;
      pending.set(id, {
        letter,
        lane,
        seq,
        settle(outcome) {
          letter.signal?.removeEventListener("abort", onAbort);
          if (outcome instanceof Error) reject(outcome);
          else resolve(outcome);
        },
      });
    });

  return {
    post,
    reply: replier(parts),
    onDelivered(nodeId, id, reply) {
      const kind = pending.get(id)?.letter.kind;
      if ((kind === "request") === (reply !== null)) settle(nodeId, id, reply);
    },
    onHeld(nodeId, id) {
      const known = pending.get(id);
      if (known?.letter.to === nodeId) known.lane.outbox.hold(known.seq);
    },
    onRefused(nodeId, { id, code, reason }) {
      // The lane asks again by itself after a while.
      const known = pending.get(id);
      if (known && code !== "BUSY") settle(nodeId, id, refusedBy(known.letter, code, reason));
    },
    onUp: (nodeId) => lanes.resend(nodeId),
    stop() {
      for (const [id, { letter }] of pending) settle(letter.to, id, stopped());
    },
  };
}

/** One numbering for each (receiver, kind, stream); idle ones make room when there are too many. */
function createLanes({ clock, links, random }: CourierParts) {
  const lanes = new Map<string, Lane>();
  const makeRoom = () => {
    for (const [key, { outbox }] of lanes) {
      if (lanes.size < limits.outboxLanes) return;
      if (outbox.size === 0) lanes.delete(key);
    }
  };
  return {
    of({ to, kind, stream }: Letter): Lane {
      const key = `${to} ${kind} ${stream}`;
      const known = lanes.get(key);
      if (known) return known;
      makeRoom();
      const outbox = new OutboxLane({ clock, doubt: () => links.doubt(to) }, WINDOWS[kind]);
      const incarnation = new DataView(random.bytes(8).buffer).getBigUint64(0);
      const lane = { outbox, incarnation, to };
      lanes.set(key, lane);
      return lane;
    },
    resend(nodeId: NodeId): void {
      for (const lane of lanes.values()) if (lane.to === nodeId) lane.outbox.resend();
    },
  };
}

type Place = Pick<EnvelopeHeader, "id" | "incarnation" | "seq" | "settled" | "sent">;

/** Seals a message and puts it on the link, connecting first: a peer that is away costs no signature. */
function transmitter({ identity, links, seals }: CourierParts) {
  return async (letter: Letter, place: Place): Promise<void> => {
    await links.ready(letter.to);
    const envelope = await seals.seal({
      chainId: identity.chainId,
      from: identity.nodeId,
      publicKey: identity.keyPair.publicKey,
      inReplyTo: null,
      payloadHash: payloadHashOf(letter.payload),
      kind: letter.kind,
      to: letter.to,
      stream: letter.stream,
      ttlMs: letter.ttlMs,
      traceparent: letter.traceparent,
      ...place,
    });
    const { payload } = letter;
    await links.send(letter.to, messageFrame.encode({ kind: "message", envelope, payload }));
  };
}

function replier({ identity, links, seals, clock, random }: CourierParts) {
  return async (request: Message, payload: Uint8Array): Promise<void> => {
    const { header } = request.envelope;
    const envelope = await seals.seal({
      chainId: identity.chainId,
      kind: "reply",
      from: identity.nodeId,
      publicKey: identity.keyPair.publicKey,
      to: request.from,
      id: toHex(random.bytes(32)) as Digest,
      inReplyTo: request.id,
      stream: header.stream,
      incarnation: 0n,
      seq: 0,
      settled: 0,
      sent: clock.now(),
      ttlMs: header.ttlMs,
      traceparent: header.traceparent,
      payloadHash: payloadHashOf(payload),
    });
    await links.send(request.from, messageFrame.encode({ kind: "message", envelope, payload }));
  };
}

const toOneself = () =>
  new P2pError("PEER_UNREACHABLE", "a node sends no messages to itself: call what handles them");

function refuseLarge(payload: Uint8Array, pendingBytes: number): void {
  if (payload.length > MAX_PAYLOAD_BYTES)
    throw new P2pError(
      "PAYLOAD_TOO_LARGE",
      `a payload of ${payload.length} bytes exceeds ${MAX_PAYLOAD_BYTES}: send its content address instead`,
    );
  if (pendingBytes + payload.length > limits.outboxBytes)
    throw new P2pError("OUTBOX_FULL", `${pendingBytes} bytes wait to be delivered: send slower`);
}

function tooLate({ kind, to, stream, ttlMs }: Letter, cause: unknown): P2pError {
  const code = kind === "send" ? "MESSAGE_EXPIRED" : "REQUEST_TIMEOUT";
  const what = kind === "send" ? "acknowledgement" : "reply";
  return new P2pError(code, `no ${what} from ${to} on ${stream} within ${ttlMs} ms`, {
    detail: { to, stream, ttlMs },
    cause,
  });
}

function refusedBy({ kind, to, stream }: Letter, code: string, reason: string): P2pError {
  return new P2pError(
    kind === "send" ? "MESSAGE_REFUSED" : "REQUEST_REFUSED",
    `${to} refused a ${kind} on ${stream}: ${code}: ${reason}`,
    { detail: { to, stream, code, reason } },
  );
}

const stopped = () => new P2pError("STOPPED", "this node stops: the message was not delivered");
