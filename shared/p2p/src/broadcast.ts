import { TopicValidatorResult } from "@libp2p/gossipsub";
import {
  BoundedMap,
  type ChainId,
  type Clock,
  type Digest,
  limits,
  type NodeId,
  type PeerId,
  type Random,
  toHex,
} from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import { envelope, payloadHashOf, rawBytes, wire } from "@meshwork/protocol";
import { z } from "zod";
import { type CheckEnvelope, isForgery } from "./check-envelope.ts";
import { P2pError } from "./errors.ts";
import type { Host } from "./host.ts";
import type { Identity } from "./identity.ts";
import type { Message, Verdict } from "./message.ts";
import type { Peers } from "./peers.ts";
import type { SealQueue } from "./seal-queue.ts";

/** Soft state for whoever listens: it may be lost, it is never late, and it is signed. */
export interface Broadcasting {
  /** Resolves once it is handed to the neighbours, of which there may be none. */
  broadcast(topic: string, payload: Uint8Array, options?: { ttlMs?: number }): Promise<void>;
  /**
   * Only what the handler accepts is passed on to others; `reject` costs the neighbour that passed it
   * on. One subscription a topic; the result ends it.
   */
  subscribe(topic: string, handler: BroadcastHandler): () => void;
}

export type BroadcastHandler = (message: Message) => Promise<Verdict> | Verdict;

export interface BroadcastingParts {
  identity: Identity;
  host: Host;
  peers: Pick<Peers, "whoIs">;
  seals: SealQueue;
  check: CheckEnvelope;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
}

const broadcastFrame = wire(
  z.strictObject({ envelope: envelope.schema, payload: rawBytes(limits.gossipBytes) }),
  { name: "broadcast", maxBytes: limits.gossipBytes },
);

/** What is left for the payload when the envelope is at its largest. */
const MAX_BROADCAST_BYTES = limits.gossipBytes - 2_560;
const DEFAULT_TTL_MS = 60_000;
/** Ids of broadcasts that are not expired yet; gossipsub itself remembers for two minutes. */
const IDS_KEPT = 65_536;

/** Gossip names are the world's; topics are this network's. */
export const topicPrefix = (chainId: ChainId): string => `/meshwork/${chainId}/`;

export function createBroadcasting(parts: BroadcastingParts): Broadcasting {
  const { identity, clock, random } = parts;
  const { pubsub } = parts.host.services;
  const count = refusalCounter(parts.metrics);
  const prefix = topicPrefix(identity.chainId);
  const nameOf = (topic: string) => `${prefix}${topic}`;
  return {
    async broadcast(topic, payload, { ttlMs = DEFAULT_TTL_MS } = {}) {
      if (payload.length > MAX_BROADCAST_BYTES)
        throw new P2pError(
          "PAYLOAD_TOO_LARGE",
          `a broadcast of ${payload.length} bytes exceeds ${MAX_BROADCAST_BYTES}: broadcast its content address`,
        );
      const sealed = await parts.seals.seal({
        chainId: identity.chainId,
        kind: "broadcast",
        from: identity.nodeId,
        publicKey: identity.keyPair.publicKey,
        to: null,
        id: toHex(random.bytes(32)) as Digest,
        inReplyTo: null,
        stream: topic,
        incarnation: 0n,
        seq: 0,
        settled: 0,
        sent: clock.now(),
        ttlMs,
        traceparent: "",
        payloadHash: payloadHashOf(payload),
      });
      await pubsub.publish(nameOf(topic), broadcastFrame.encode({ envelope: sealed, payload }));
    },
    subscribe(topic, handler) {
      const judge = judgeBroadcast({ ...parts, count }, topic, handler);
      pubsub.topicValidators.set(nameOf(topic), async (neighbour, { data }) => {
        // Gossipsub speaks to whoever is connected; we listen to those alone who said hello.
        const greeted = await parts.peers.whoIs(neighbour.toString() as PeerId).catch(() => null);
        return RESULTS[greeted === null ? "ignore" : await judge(data)];
      });
      pubsub.subscribe(nameOf(topic));
      return () => {
        pubsub.unsubscribe(nameOf(topic));
        pubsub.topicValidators.delete(nameOf(topic));
      };
    },
  };
}

const RESULTS: Record<Verdict, TopicValidatorResult> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
};

/**
 * An honest neighbour passes on nothing that is forged, so forgeries are rejected. What is late, or
 * from a clock that is wrong, or seen before, is merely ignored.
 */
function judgeBroadcast(
  parts: BroadcastingParts & { count: (code: string) => void },
  topic: string,
  handler: BroadcastHandler,
) {
  const seen = new BoundedMap<`${NodeId} ${Digest}`, true>(IDS_KEPT);
  const refuse = (code: string): Verdict => {
    parts.count(code);
    return isForgery(code) ? "reject" : "ignore";
  };
  return async (data: Uint8Array): Promise<Verdict> => {
    const frame = read(data);
    if (frame?.envelope.header.stream !== topic) return refuse("ENVELOPE_MALFORMED");
    const { envelope, payload } = frame;
    const { from, id } = envelope.header;
    const code = parts.check(envelope, payload, { via: "gossip" });
    if (code !== null) return refuse(code);
    if (seen.get(`${from} ${id}`)) return refuse("ENVELOPE_REPLAYED");
    seen.set(`${from} ${id}`, true);
    try {
      return await handler({ from, id, payload, envelope });
    } catch (error) {
      parts.log.error("broadcast handler failed", { topic, error });
      return "ignore";
    }
  };
}

function refusalCounter(metrics: Metrics) {
  const refused = metrics.counter({
    name: "broadcasts_refused",
    help: "Broadcasts that were not passed on, by code.",
    labels: ["code"],
  });
  return (code: string) => refused.add(1, { code });
}

function read(data: Uint8Array) {
  try {
    return broadcastFrame.decode(data);
  } catch {
    return null;
  }
}
