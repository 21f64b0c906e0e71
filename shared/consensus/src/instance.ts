import { assert, type BlockHash } from "@meshwork/foundation";
import type { Block, Certificate, Proposal, Vote } from "@meshwork/protocol";
import type { Application } from "./application.ts";
import type { Start } from "./event.ts";
import { blockIn, Height } from "./height.ts";
import { justify } from "./justification.ts";
import type { Rules } from "./rules.ts";
import type { Settings } from "./settings.ts";
import type { Turn } from "./turn.ts";

export interface InstanceParts {
  readonly application: Application;
  readonly rules: Rules;
  readonly settings: Settings;
  /** The turn under way. */
  readonly turn: Turn;
  /** Rule 2: demand that does not come from this height's own votes. */
  readonly outsideDemand: () => boolean;
}

/**
 * One height: a single decision by Simplex, rules 1 to 9. It takes in proposals, votes, certificates
 * and blocks, in any order and any number of times, until it emits `commit`.
 */
export class Instance {
  readonly height: Height;
  view = 0;
  isDecided = false;

  readonly #parts: InstanceParts;
  /** Whether a block executes: asked once, for a liar can send the same bad block for ever. */
  readonly #verdicts = new Map<BlockHash, boolean>();
  /** Whether the timeout of this view is set, or has come. */
  #isTiming = false;
  /** Rule 9: this view was entered by an N-certificate, and its grace is not over. */
  #isInGrace = false;
  #fetches = 0;

  constructor(start: Start, parts: InstanceParts) {
    this.#parts = parts;
    this.height = new Height(start);
    for (const record of start.records)
      this.view = Math.max(this.view, this.height.restore(record));
    this.#isInGrace = this.height.of("N", this.view - 1) !== null;
    for (const [view] of [...this.height.views]) this.#finalize(view);
  }

  /** Rule 2. */
  get hasDemand(): boolean {
    return this.hasCertainDemand || this.height.isStirred;
  }

  /** Demand that a liar cannot feign: an N of its own stirs up a node, but never keeps it busy. */
  get hasCertainDemand(): boolean {
    return this.view > 0 || this.#parts.outsideDemand();
  }

  /** To be called when demand may have appeared: sets the timeout, and lets a leader propose. */
  wake(): void {
    if (this.isDecided || !this.hasDemand || this.height.committee.seat === null) return;
    if (!this.#isTiming) this.#setTimeout();
    if (this.height.leader(this.view) === this.height.committee.seat) this.#propose();
  }

  onProposal(proposal: Proposal): void {
    if (this.isDecided || !this.height.isWellFormed(proposal)) return;
    const { justification, vote } = proposal;
    const { view, blockHash } = vote.ballot;
    // A block that is held was hashed before: what is sent again at each tick costs no more hashes.
    const held = blockHash === null ? undefined : this.height.blocks.get(blockHash);
    const block = held ?? proposal.block;
    if (blockHash === null) return;
    if (held === undefined && this.#parts.application.hashOf(block) !== blockHash) return;
    // The highest first: so they bring me to the proposal's view without a stop on the way.
    for (const certificate of justification.nullified) this.onCertificate(certificate);
    if (justification.notarized !== null) this.onCertificate(justification.notarized);
    if (view <= this.view) this.#hold({ ...proposal, block }, blockHash);
    this.onVote(vote);
    this.#notarize();
  }

  onVote(vote: Vote): void {
    const { ballot } = vote;
    if (this.isDecided || !this.height.concerns(ballot)) return;
    if (ballot.view > this.view + this.#parts.settings.viewWindow) return;
    const { votes } = this.height.at(ballot.view);
    const evidence = votes.add(vote);
    if (evidence !== null) this.#parts.turn.emit({ kind: "evidence", evidence });
    if (!this.height.isCertified(ballot)) {
      const quorum = this.#parts.rules.quorumOf(this.height.committee.members.length);
      const certificate = votes.certificateOf(ballot, quorum);
      if (certificate !== null) this.onCertificate(certificate);
    }
    this.wake();
  }

  /** Rules 5, 6 and 8. */
  onCertificate(certificate: Certificate): void {
    const { ballot } = certificate;
    const { turn } = this.#parts;
    if (this.isDecided || !this.height.concerns(ballot)) return;
    const isNew = this.height.learn(certificate, (evidence) =>
      turn.emit({ kind: "evidence", evidence }),
    );
    if (!isNew) return;
    if (ballot.kind !== "F") turn.emit({ kind: "persist", certificate });
    if (ballot.kind === "F") this.#decide();
    else if (ballot.kind === "N") this.#finalize(ballot.view);
    if (ballot.kind !== "F" && ballot.view >= this.view) this.#enter(ballot.view + 1);
    // What a leader or a voter lacked on the way down may be complete now.
    this.wake();
    this.#notarize();
  }

  /** A block that was asked for by hash; any other is dropped before it costs a hash. */
  onBlock(block: Block): void {
    const { missing } = this.height;
    if (this.isDecided || missing.length === 0) return;
    const hash = this.#parts.application.hashOf(block);
    if (hash !== null && missing.some((certificate) => certificate.ballot.blockHash === hash))
      this.#keep(block, hash);
  }

  /** Another node's decision of this height, whole. */
  onFinalized(block: Block, certificate: Certificate): void {
    const { kind, blockHash } = certificate.ballot;
    if (this.isDecided || kind !== "F" || !this.height.concerns(certificate.ballot)) return;
    const hash = this.#parts.application.hashOf(block);
    if (hash === null || hash !== blockHash) return;
    if (block.header.parent === this.height.parent.hash) {
      this.#keep(block, hash);
      this.onCertificate(certificate);
    } else this.#parts.turn.emit({ kind: "fork", block, certificate });
  }

  /** Rule 7. Without demand a timeout only disarms: an idle network sends no votes. */
  onTimeout(view: number): void {
    if (this.isDecided || view !== this.view || this.height.committee.seat === null) return;
    this.#isTiming = this.hasDemand;
    const { own } = this.height.at(view);
    if (!this.hasDemand || !this.#parts.rules.mayNullify(own)) return;
    own.X = true;
    this.#parts.turn.cast(this.height, { kind: "X", view, blockHash: null });
  }

  onGraceOver(view: number): void {
    if (view !== this.view) return;
    this.#isInGrace = false;
    this.wake();
  }

  /** My vote is durable: now it may leave, and now it counts. */
  onSigned(vote: Vote): void {
    const { kind, view: number, blockHash } = vote.ballot;
    if (this.isDecided || !this.height.concerns(vote.ballot)) return;
    const view = this.height.at(number);
    view.signed[kind] = vote;
    const block = blockHash === null ? undefined : this.height.blocks.get(blockHash);
    if (kind === "N" && view.draft !== null && block !== undefined)
      view.proposal = { kind: "proposal", block, justification: view.draft, vote };
    this.#parts.turn.emit({ kind: "broadcast", message: view.messageOf(vote) });
    this.onVote(vote);
  }

  /** Rule 10: asks another signer at each call for every block that is certified and missing. */
  fetch(): void {
    this.#fetches++;
    for (const certificate of this.height.missing) this.#request(certificate);
  }

  /** Rules 3 and 9, for the leader. */
  #propose(): void {
    const { view, height } = this;
    const { rules, turn } = this.#parts;
    const { own } = height.at(view);
    if (!rules.mayNotarize(own)) return;
    const justification = justify(view, height, (hash) => height.blocks.has(hash));
    if (justification === null) return;
    const { notarized } = justification;
    if (notarized !== null && this.#isInGrace) return;
    const hash = notarized === null ? this.#build() : blockIn(notarized.ballot);
    const block = hash === null ? undefined : height.blocks.get(hash);
    if (hash === null || block === undefined || !this.#executes(block, hash, true)) return;
    own.N = hash;
    height.at(view).draft = justification;
    turn.cast(height, { kind: "N", view, blockHash: hash, justification });
  }

  #build(): BlockHash | null {
    const { application, turn } = this.#parts;
    const block = application.buildBlock({ view: this.view, now: turn.now });
    if (block === null) return null;
    const hash = application.hashOf(block);
    assert(hash !== null && this.height.isByLeaderOf(this.view, block), "a built block is sound");
    this.height.blocks.set(hash, block);
    this.#verdicts.set(hash, true);
    return hash;
  }

  /** Keeps the first proposal of a view and its block. */
  #hold(proposal: Proposal, hash: BlockHash): void {
    const view = this.height.at(proposal.vote.ballot.view);
    const isFirst = view.proposal === null && view.draft === null;
    if (isFirst) view.proposal = proposal;
    if (isFirst || this.height.missing.some(({ ballot }) => ballot.blockHash === hash))
      this.#keep(proposal.block, hash);
  }

  /** A block that some certificate may be waiting for. */
  #keep(block: Block, hash: BlockHash): void {
    const { blocks, views } = this.height;
    if (blocks.has(hash)) return;
    blocks.set(hash, block);
    for (const [number, view] of [...views])
      if (view.certificates.N?.ballot.blockHash === hash) this.#finalize(number);
    this.#decide();
    this.wake();
  }

  /** Rule 4. */
  #notarize(): void {
    const { view, height } = this;
    const { own, proposal } = height.at(view);
    const { rules, turn } = this.#parts;
    if (this.isDecided || height.committee.seat === null || proposal === null) return;
    if (!rules.mayNotarize(own) || !rules.isJustified(proposal, height)) return;
    const hash = blockIn(proposal.vote.ballot);
    if (!this.#isAcceptable(proposal, hash)) return;
    own.N = hash;
    turn.cast(height, { kind: "N", view, blockHash: hash });
  }

  /** Rule 4: a new block is held to its leader, view and time, and every block is executed. */
  #isAcceptable({ block, justification }: Proposal, hash: BlockHash): boolean {
    const { rules, settings, turn } = this.#parts;
    const { view, height } = this;
    const isReproposal = justification.notarized !== null;
    if (!isReproposal && !height.isByLeaderOf(view, block)) return false;
    const at = { parentTime: height.parent.time, now: turn.now, view };
    if (!isReproposal && !rules.isTimely(block.header.time, at, settings)) return false;
    return this.#executes(block, hash, isReproposal);
  }

  #executes(block: Block, hash: BlockHash, isReproposal: boolean): boolean {
    const { application, turn } = this.#parts;
    const verdict =
      this.#verdicts.get(hash) ?? application.checkBlock(block, { now: turn.now, isReproposal });
    this.#verdicts.set(hash, verdict);
    return verdict;
  }

  /** Rule 5: F on a notarized block that I hold, unless I gave its view up. */
  #finalize(number: number): void {
    const { height } = this;
    const { rules, turn } = this.#parts;
    const { certificates, own } = height.at(number);
    if (certificates.N === null) return;
    const hash = blockIn(certificates.N.ballot);
    if (!height.blocks.has(hash)) this.#request(certificates.N);
    else if (height.committee.seat !== null && rules.mayFinalize(own)) {
      own.F = hash;
      turn.cast(height, { kind: "F", view: number, blockHash: hash });
    }
  }

  /** Rule 8. */
  #decide(): void {
    const { final, blocks } = this.height;
    if (final === null || this.isDecided) return;
    const block = blocks.get(blockIn(final.ballot));
    this.isDecided = block !== undefined;
    if (block === undefined) this.#request(final);
    else this.#parts.turn.emit({ kind: "commit", block, certificate: final });
  }

  #enter(view: number): void {
    this.view = view;
    this.#isTiming = false;
    this.#isInGrace = this.height.of("N", view - 1) !== null;
    this.wake();
  }

  /** Rule 9. */
  #setTimeout(): void {
    this.#isTiming = true;
    const { view, height } = this;
    const { rules, settings, turn } = this.#parts;
    const at = { height: height.number, view };
    const graceMs = this.#isInGrace ? settings.graceMs : 0;
    const delayMs = graceMs + rules.timeoutMs(view, settings);
    turn.emit({ kind: "setTimer", timer: { kind: "timeout", ...at }, delayMs });
    if (graceMs > 0 && height.leader(view) === height.committee.seat)
      turn.emit({ kind: "setTimer", timer: { kind: "grace", ...at }, delayMs: graceMs });
  }

  #request(certificate: Certificate): void {
    this.#parts.turn.request(this.height, certificate, this.#fetches);
  }
}
