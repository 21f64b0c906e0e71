import {
  checkMessage,
  type Effect,
  type Event,
  type Evidence,
  type LogRecord,
  Replica,
  type Settings,
  type Start,
  type Timer,
  type Verifier,
} from "@meshwork/consensus";
import { assert, type BlockHash, type Clock, type NodeId, unreachable } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import {
  type Certificate,
  type ConsensusMessage,
  consensusMessageWire,
  type FinalizedBlock,
  signBallot,
} from "@meshwork/protocol";
import type { SignaturePool } from "../mempool/signature-pool.ts";
import type { Chain } from "../store/chain.ts";
import { type CommittedBlock, membersOf, voteKeysAt } from "../store/chain-head.ts";
import type { LedgerApplication } from "./application.ts";
import type { CommitteeLinks } from "./committee-links.ts";
import { HeardVotes } from "./heard-votes.ts";
import { isStale } from "./is-stale.ts";
import { type MySeat, mySeatIn } from "./my-seat.ts";
import { ProposalChecks } from "./proposal-checks.ts";
import type { VoteKeys } from "./vote-folder.ts";
import type { WriteAheadLog } from "./write-ahead-log.ts";

export interface ConsensusDriverParts {
  me: NodeId;
  keys: Pick<VoteKeys, "of">;
  wal: Pick<WriteAheadLog, "append" | "completeFrom" | "recordsOf" | "prune">;
  chain: Pick<Chain, "chainId" | "head" | "checks" | "commit" | "decisionAt" | "onCommit">;
  application: LedgerApplication;
  links: Pick<CommitteeLinks, "send" | "broadcast">;
  /** Checks many signatures off this thread. */
  signatures: Pick<SignaturePool, "verify">;
  /** Sends what was handed in here to the committee again. */
  shareTransactions: () => void;
  clock: Clock;
  log: Log;
  /** @default consensus's own */
  settings?: Settings;
  /** A seat has signed two votes that exclude each other: fit for the ledger. */
  onEvidence: (evidence: Evidence) => void;
  /** The node must not vote any more: the disk failed, the chain forked, or this build computes otherwise. */
  onFatal: (error: unknown) => void;
}

/**
 * Binds the replica to channels, log, timers and chain. Upon an effect: do it, in order, and let nothing
 * leave before the log holds what came before it.
 */
export class ConsensusDriver {
  readonly #parts: ConsensusDriverParts;
  readonly #replica: Replica;
  readonly #verifier: Verifier;
  readonly #heard: HeardVotes;
  readonly #timers = new Set<() => void>();
  readonly #unsubscribe: () => void;
  /** The last append that is not durable yet; null when the log is quiet. Appends end in their order. */
  #unsynced: Promise<void> | null = null;
  #isStopped = false;
  /** Null while this node has no seat: then it only follows, and says nothing. */
  #seat: MySeat | null = null;
  readonly #proposals: ProposalChecks;
  /** The height whose decision is being made durable, or was. */
  #decided = 0;
  /** What the certificates of this height are about: `N 0` → its block. */
  readonly #certified = new Map<string, BlockHash | null>();

  constructor(parts: ConsensusDriverParts) {
    const { application, chain, settings } = parts;
    this.#parts = parts;
    this.#proposals = new ProposalChecks(parts);
    this.#replica = new Replica({ application, ...(settings && { settings }) });
    this.#verifier = chain.checks.verifier(chain.chainId, (epoch) => voteKeysAt(chain.head, epoch));
    this.#heard = new HeardVotes({ chain, verifier: this.#verifier });
    this.#unsubscribe = chain.onCommit((committed) => this.#onCommit(committed));
    this.#start(parts.wal.recordsOf(chain.head.height + 1));
  }

  /** For metrics and the operator. */
  get position(): { height: number; view: number } | null {
    return this.#replica.position;
  }

  /** Whether this node fills a seat, with the key that the ledger knows. */
  get isSeated(): boolean {
    return this.#seat !== null;
  }

  /** A frame's message, from the node that the channel proved; only the committee is listened to. */
  receive(from: NodeId, message: ConsensusMessage): void {
    if (this.#isStopped || !this.#isMember(from)) return;
    if (this.#isStale(message)) {
      this.#convict(this.#heard.late(from, message));
      return;
    }
    if (!checkMessage(this.#verifier, message)) {
      this.#parts.log.warn("a committee member sent a bad signature", { from, kind: message.kind });
      return;
    }
    this.#heard.note(message);
    const prepared =
      message.kind === "proposal" ? this.#proposals.prepare(from, message) : "prepared";
    const step = () => this.#step({ kind: "message", now: this.#now, from, message });
    if (prepared === "prepared") step();
    else if (prepared !== "busy") void prepared.then(() => this.#isStale(message) || step());
  }

  /** A transaction has become executable: a leader proposes at once. */
  wake(): void {
    this.#step({ kind: "demand", now: this.#now });
  }

  /** Signs nothing more; what was signed before is in the log. */
  stop(): void {
    this.#isStopped = true;
    this.#unsubscribe();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  get #now(): number {
    return this.#parts.clock.now();
  }

  #isMember(node: NodeId): boolean {
    return membersOf(this.#parts.chain.head.state).includes(node);
  }

  #isStale(message: ConsensusMessage): boolean {
    const decided = Math.max(this.#decided, this.#parts.chain.head.height);
    return isStale(message, { decided, certified: this.#certified });
  }

  #start(records: readonly LogRecord[]): void {
    const { head } = this.#parts.chain;
    this.#certified.clear();
    this.#seat = this.#mySeat();
    this.#step({
      kind: "start",
      now: this.#now,
      height: head.height + 1,
      parent: { hash: head.hash, time: head.header.time },
      committee: this.#committee(),
      // What was signed for a seat says nothing to a node that does not fill it.
      records: this.#seat === null ? [] : records,
    });
    setImmediate(() => {
      if (!this.#isStopped) this.#parts.application.prepare();
    });
  }

  #committee(): Start["committee"] {
    const { epoch, seats, leaders } = this.#parts.chain.head.state.committee;
    const members = seats.map(({ node }) => node);
    return { epoch, members, order: leaders, seat: this.#seat?.seat ?? null };
  }

  /** None at a height that the log may have forgotten, as after a restore. */
  #mySeat(): MySeat | null {
    const { chain, wal } = this.#parts;
    const isForgotten = chain.head.height + 1 < wal.completeFrom;
    return isForgotten ? null : mySeatIn(chain.head.state.committee, this.#parts);
  }

  #step(event: Event): void {
    if (this.#isStopped) return;
    for (const effect of this.#replica.step(event)) this.#perform(effect);
  }

  #perform(effect: Effect): void {
    switch (effect.kind) {
      case "persist":
        this.#persist(effect.certificate);
        break;
      case "cast":
        this.#cast(effect);
        break;
      case "send":
        this.#whenSynced(() => this.#parts.links.send(effect.to, encode(effect.message)));
        break;
      case "broadcast":
        this.#whenSynced(() => this.#parts.links.broadcast(encode(effect.message)));
        break;
      case "setTimer":
        this.#setTimer(effect.timer, effect.delayMs);
        break;
      case "commit":
        this.#commit(effect);
        break;
      case "sendFinalized":
        this.#sendFinalized(effect.to, effect.height).catch((error) => this.#fail(error));
        break;
      case "shareTransactions":
        this.#whenSynced(this.#parts.shareTransactions);
        break;
      case "evidence":
        this.#convict(effect.evidence);
        break;
      case "fork":
        this.#fail(new Error(`two histories at height ${effect.block.header.height}`));
        break;
      default:
        unreachable(effect);
    }
  }

  #persist(certificate: Certificate): void {
    const { kind, view, blockHash } = certificate.ballot;
    this.#certified.set(`${kind} ${view}`, blockHash);
    // The log is a seat's memory: a record at a height where none was filled would feign one.
    if (this.#seat !== null) this.#append({ kind: "certificate", certificate });
  }

  #cast({ ballot, block, justification }: Extract<Effect, { kind: "cast" }>): void {
    assert(this.#seat !== null, "only a seat votes");
    const { seat, key } = this.#seat;
    const vote = signBallot(key.keyPair, this.#parts.chain.chainId, seat, ballot);
    this.#append({ kind: "vote", vote, block, justification }).then(() =>
      this.#step({ kind: "signed", now: this.#now, vote }),
    );
  }

  /** The result resolves when the record is durable, and never if the disk fails. */
  #append(record: LogRecord): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const appended = this.#parts.wal.append(record).then(
      () => {
        if (this.#unsynced === appended) this.#unsynced = null;
        resolve();
      },
      (error) => this.#fail(error),
    );
    this.#unsynced = appended;
    return promise;
  }

  #whenSynced(send: () => void): void {
    if (this.#seat === null) return;
    if (this.#unsynced === null) send();
    else
      this.#unsynced.then(() => {
        if (!this.#isStopped) send();
      });
  }

  #convict(evidence: Evidence | null): void {
    if (evidence === null) return;
    this.#parts.log.error("a seat has signed two votes that exclude each other", { evidence });
    this.#parts.onEvidence(evidence);
  }

  #setTimer(timer: Timer, delayMs: number): void {
    const cancel = this.#parts.clock.setTimer(delayMs, () => {
      this.#timers.delete(cancel);
      this.#step({ kind: "timer", now: this.#now, timer });
    });
    this.#timers.add(cancel);
  }

  #commit(decided: FinalizedBlock): void {
    const { block, certificate } = decided;
    this.#decided = block.header.height;
    this.#parts.chain.commit({ block, certificate }).catch((error) => this.#fail(error));
  }

  /** Also after a block that sync has brought: the next height begins. */
  #onCommit({ height, certificate }: CommittedBlock): void {
    const { wal, chain } = this.#parts;
    this.#heard.noteCertificate(certificate);
    this.#heard.forget();
    wal.prune(height).catch((error) => this.#fail(error));
    if (chain.head.height === height) this.#start(wal.recordsOf(height + 1));
  }

  async #sendFinalized(to: NodeId, height: number): Promise<void> {
    const decision = await this.#parts.chain.decisionAt(height);
    if (decision === null) return;
    this.#whenSynced(() => this.#parts.links.send(to, encode(decision)));
  }

  #fail(error: unknown): void {
    if (this.#isStopped) return;
    this.stop();
    this.#parts.onFatal(error);
  }
}

const encode = (message: ConsensusMessage): Uint8Array => consensusMessageWire.encode(message);
