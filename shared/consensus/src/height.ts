import { assert, type BlockHash, type NodeId } from "@meshwork/foundation";
import type {
  Ballot,
  Block,
  Certificate,
  ConsensusMessage,
  Proposal,
  Vote,
} from "@meshwork/protocol";
import { type Committee, isOneHonest } from "./committee.ts";
import type { LogRecord, Start } from "./event.ts";
import { type Evidence, votesOf } from "./evidence.ts";
import type { Certificates } from "./justification.ts";
import { leaderOf } from "./leader.ts";
import { View } from "./view.ts";

/**
 * What a node knows of the height that it is deciding. It grows with the views that were entered,
 * and their timeouts are linear: v views take T0 · v² / 4, some 120 an hour at T0 = 1 s.
 */
export class Height implements Certificates {
  readonly number: number;
  readonly committee: Committee;
  readonly parent: Start["parent"];
  /** Blocks that the leaders of entered views proposed, and certified ones that were fetched. */
  readonly blocks = new Map<BlockHash, Block>();
  /** Blocks that the log holds. */
  readonly logged = new Set<BlockHash>();
  /** The decision, from when it is known; its block may still be missing. */
  final: Certificate | null = null;
  readonly #views = new Map<number, View>();

  constructor(start: Start) {
    this.number = start.height;
    this.committee = start.committee;
    this.parent = start.parent;
  }

  at(number: number): View {
    let view = this.#views.get(number);
    if (view === undefined) {
      view = new View();
      this.#views.set(number, view);
    }
    return view;
  }

  of(kind: "N" | "X", view: number): Certificate | null {
    return this.#views.get(view)?.certificates[kind] ?? null;
  }

  get views(): IterableIterator<[number, View]> {
    return this.#views.entries();
  }

  leader(view: number): number {
    return leaderOf(this.committee, { height: this.number, view });
  }

  /** Whether a ballot belongs to this height and its committee. */
  concerns(ballot: Ballot): boolean {
    return ballot.height === this.number && ballot.epoch === this.committee.epoch;
  }

  /** Whether there is a certificate of this kind and view already: there can be only one. */
  isCertified({ kind, view }: Ballot): boolean {
    return (kind === "F" ? this.final : this.of(kind, view)) !== null;
  }

  /** Rule 2, as far as this height's own votes tell: an N, or X by one honest seat at least. */
  get isStirred(): boolean {
    const votes = this.#views.get(0)?.votes;
    if (votes === undefined) return false;
    return votes.count("N") > 0 || isOneHonest(votes.count("X"), this.committee);
  }

  /** Takes in a certificate; false when it tells nothing new. Its votes count as evidence too. */
  learn(certificate: Certificate, report: (evidence: Evidence) => void): boolean {
    const { kind, view, blockHash } = certificate.ballot;
    const { certificates, votes } = this.at(view);
    const known = kind === "F" ? this.final : certificates[kind];
    if (known !== null && known.ballot.view === view && known.ballot.blockHash === blockHash)
      return false;
    for (const vote of votesOf(certificate)) {
      const evidence = votes.add(vote);
      if (evidence !== null) report(evidence);
    }
    if (known !== null) return false;
    if (kind === "F") this.final = certificate;
    else certificates[kind] = certificate;
    return true;
  }

  /** Certificates whose block has not come yet. */
  get missing(): Certificate[] {
    const notarized = [...this.#views.values()].flatMap(({ awaited, certificates: { N } }) =>
      awaited !== null && N !== null ? [N] : [],
    );
    return [this.final, ...notarized].flatMap((certificate) =>
      certificate !== null && !this.blocks.has(blockIn(certificate.ballot)) ? [certificate] : [],
    );
  }

  /** The form of a proposal, before its block is hashed: by the leader, about this height and head. */
  isWellFormed({ vote, block: { header }, justification }: Proposal): boolean {
    const { ballot, seat } = vote;
    const { notarized, nullified } = justification;
    const isBelow = (kind: "N" | "X") => (certificate: Certificate) =>
      certificate.ballot.kind === kind &&
      certificate.ballot.view < ballot.view &&
      this.concerns(certificate.ballot);
    return (
      ballot.kind === "N" &&
      this.concerns(ballot) &&
      seat === this.leader(ballot.view) &&
      header.height === this.number &&
      header.epoch === this.committee.epoch &&
      header.parent === this.parent.hash &&
      (notarized === null || isBelow("N")(notarized)) &&
      nullified.every(isBelow("X"))
    );
  }

  /** Rule 4: the leader of the view made this block, for this view. */
  isByLeaderOf(view: number, { header }: Block): boolean {
    return header.view === view && header.proposer === this.committee.members[this.leader(view)];
  }

  /** Another of the certificate's signers at each attempt, never myself: he holds its block. */
  signerOf({ seats }: Certificate, attempt: number): NodeId | null {
    const { members, seat } = this.committee;
    const others = seats.filter((each) => each !== seat);
    const signer = others[(attempt + (seat ?? 0)) % others.length];
    return signer === undefined ? null : (members[signer] ?? null);
  }

  /** What of mine others may have missed: N (or my proposal) and X of the view, all F. */
  resends(current: number): ConsensusMessage[] {
    const messages: ConsensusMessage[] = [];
    const add = (view: View, vote: Vote | null) => {
      if (vote !== null) messages.push(view.messageOf(vote));
    };
    const view = this.at(current);
    add(view, view.signed.N);
    add(view, view.signed.X);
    for (const each of this.#views.values()) add(each, each.signed.F);
    return messages;
  }

  /** Durability: puts back a record of the log. Returns the view that it proves I had entered. */
  restore(record: LogRecord): number {
    const { ballot } = record.kind === "vote" ? record.vote : record.certificate;
    assert(this.concerns(ballot), "the log gives the records of this height");
    if (record.kind === "certificate") {
      this.learn(record.certificate, () => {});
      return ballot.view + 1;
    }
    const { vote, block, justification } = record;
    const { kind, view: number, blockHash } = ballot;
    assert(vote.seat === this.committee.seat, "the log holds votes of this seat alone");
    const view = this.at(number);
    view.votes.add(vote);
    view.signed[kind] = vote;
    if (kind === "X") view.own.X = true;
    else view.own[kind] = blockHash;
    if (blockHash !== null && block !== null) {
      this.blocks.set(blockHash, block);
      this.logged.add(blockHash);
    }
    const held = blockHash === null ? undefined : this.blocks.get(blockHash);
    if (justification !== null && held !== undefined)
      view.proposal = { kind: "proposal", block: held, justification, vote };
    return kind === "F" ? 0 : number;
  }
}

/** The block that an N or F is about. */
export function blockIn(ballot: Ballot): BlockHash {
  if (ballot.blockHash === null) throw new TypeError(`a ballot ${ballot.kind} names no block`);
  return ballot.blockHash;
}
