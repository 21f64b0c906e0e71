import {
  type Clock,
  CodedError,
  codeOf,
  every,
  limits,
  messageOf,
  type NodeId,
} from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import type { Channel, P2p } from "@meshwork/p2p";
import {
  type Genesis,
  type HandOver,
  streamNames,
  syncReply,
  syncRequest,
} from "@meshwork/protocol";
import {
  type Anchor,
  anchorOf,
  follow,
  type LightClient,
  lightClientFrom,
  type Shown,
} from "@meshwork/verify";

export interface HeaderParts {
  channels: Pick<P2p["channels"], "open">;
  /** Who may know the ledger: any peer with a hello. */
  connected: () => readonly NodeId[];
  clock: Clock;
  log: Log;
  metrics: Metrics;
}

const LOOK_EVERY_MS = 1_000;
/** Peers that are listened to: one may be silent, or a liar. */
const SOURCES = 3;
const REST_MS = 30_000;
/** The same for who showed what no quorum signed, or no canonical bytes. */
const LIAR_REST_MS = 600_000;
/** A claim may come just after its epoch's end. */
const EPOCHS_KEPT = 2;

/** What a peer was asked last, and has not answered. */
interface Question {
  asked: { readonly from: number; readonly isMore: boolean } | null;
}

class HeaderError extends CodedError<"CERTIFICATE_INVALID"> {}

const LIES = new Set(["CERTIFICATE_INVALID", "WIRE_MALFORMED", "WIRE_NOT_CANONICAL"]);

/** Follows the headers as a light client: no block, no state, and nobody's word without a quorum's signatures. */
export class HeaderFollower {
  readonly #parts: HeaderParts;
  readonly #sources = new Map<NodeId, AbortController>();
  /** Peers that know no ledger, or told lies. */
  readonly #resting = new Map<NodeId, number>();
  readonly #tell: (client: LightClient) => void;
  readonly #stopLooking: () => void;
  #client: LightClient;
  /** Of the newest epochs, the newest first. */
  #anchors: Anchor[];

  constructor(parts: HeaderParts, genesis: Genesis) {
    this.#parts = parts;
    this.#client = lightClientFrom(anchorOf(genesis));
    this.#anchors = [this.#client.anchor];
    this.#tell = gauges(parts.metrics);
    this.#stopLooking = every(parts.clock, LOOK_EVERY_MS, () => this.#look());
  }

  /** The highest block that was proved; 0 before the first. */
  get height(): number {
    return this.#client.head?.height ?? 0;
  }

  /** Whose certificates of this epoch are believed; null for one that is not known, or long over. */
  anchorOf(epoch: number): Anchor | null {
    return this.#anchors.find((anchor) => anchor.epoch === epoch) ?? null;
  }

  stop(): void {
    this.#stopLooking();
    for (const stopping of this.#sources.values()) stopping.abort(new Error("the relay stops"));
  }

  #look(): void {
    const now = this.#parts.clock.monotonic();
    for (const [peer, until] of this.#resting) if (until <= now) this.#resting.delete(peer);
    for (const peer of this.#parts.connected()) {
      if (this.#sources.size >= SOURCES) return;
      if (!this.#sources.has(peer) && !this.#resting.has(peer)) void this.#listen(peer);
    }
  }

  async #listen(peer: NodeId): Promise<void> {
    const stopping = new AbortController();
    this.#sources.set(peer, stopping);
    let restMs = REST_MS;
    try {
      await this.#hear(peer, stopping.signal);
    } catch (error) {
      const fields = { peer, code: codeOf(error), reason: messageOf(error) };
      if (LIES.has(fields.code)) restMs = LIAR_REST_MS;
      this.#parts.log.debug("a source of headers ended", fields);
    }
    this.#sources.delete(peer);
    this.#resting.set(peer, this.#parts.clock.monotonic() + restMs);
  }

  async #hear(peer: NodeId, signal: AbortSignal): Promise<void> {
    const channel = await this.#parts.channels.open(peer, streamNames.sync, {
      maxFrameBytes: limits.syncFrameBytes,
      signal,
    });
    signal.addEventListener("abort", () => channel.abort(signal.reason), { once: true });
    try {
      const from = this.height + 1;
      await channel.send(syncRequest.encode({ kind: "follow", from, blocks: false }));
      const question: Question = { asked: null };
      for await (const frame of channel) await this.#onReply(channel, frame, question);
    } finally {
      channel.abort(new Error("the relay listens no longer"));
    }
  }

  async #onReply(channel: Channel, frame: Uint8Array, question: Question): Promise<void> {
    const reply = syncReply.decode(frame);
    const ask = async (isMore: boolean) => {
      const from = this.#client.anchor.epoch;
      question.asked = { from, isMore };
      await channel.send(syncRequest.encode({ kind: "hand-overs", from }));
    };
    if (reply.kind === "head" && reply.head && !this.#learn(reply.head) && !question.asked)
      await ask(false);
    if (reply.kind === "hand-overs" && this.#climb(reply.handOvers, question)) await ask(true);
  }

  /**
   * Whether there are more to ask for. An answer leads to a later epoch than it was asked from, or its
   * peer is left: so nobody is asked oftener than there are epochs to learn.
   */
  #climb(handOvers: readonly HandOver[], question: Question): boolean {
    const { asked } = question;
    if (asked === null) throw untrue("hand-overs that it was not asked for");
    question.asked = null;
    for (const handOver of handOvers) this.#learn({ handOver });
    const hasRisen = this.#client.anchor.epoch > asked.from;
    // That there are no more is an answer; that the first ones are not there belies the head.
    if (!hasRisen && (handOvers.length > 0 || !asked.isMore))
      throw untrue("a head of a later epoch, and hand-overs that do not lead there");
    return hasRisen && handOvers.length === limits.syncHandOvers;
  }

  /** False: its epoch is not known yet. Throws for what is not proved. */
  #learn(shown: Shown): boolean {
    const { header } = "handOver" in shown ? shown.handOver : shown;
    const { epoch } = this.#client.anchor;
    if (header.epoch !== epoch) return header.epoch < epoch;
    const next = follow(this.#client, shown, { now: this.#parts.clock.now() });
    if (!next.ok) {
      if (next.code === "NOT_NEWER") return true;
      throw untrue(`${next.code}: ${next.reason}`);
    }
    if (next.anchor.epoch !== epoch)
      this.#anchors = [next.anchor, ...this.#anchors].slice(0, EPOCHS_KEPT);
    this.#client = next;
    this.#tell(next);
    return true;
  }
}

const untrue = (why: string) =>
  new HeaderError("CERTIFICATE_INVALID", `the peer shows what is not final: ${why}; ask another`);

function gauges(metrics: Metrics): (client: LightClient) => void {
  const height = metrics.gauge({
    name: "relay_ledger_height",
    help: "The highest block that a quorum has shown to this relay to be final.",
  });
  const epoch = metrics.gauge({
    name: "relay_ledger_epoch",
    help: "The epoch whose committee this relay knows.",
  });
  return ({ head, anchor }) => {
    height.set(head?.height ?? 0);
    epoch.set(anchor.epoch);
  };
}
