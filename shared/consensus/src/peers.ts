import type { NodeId } from "@meshwork/foundation";
import type { ConsensusMessage } from "@meshwork/protocol";
import { type Committee, isOneHonest } from "./committee.ts";

/** Answers that one peer gets between two ticks: at worst a block of 1 MiB each. */
const ANSWERS_PER_TICK = 16;
/** Peers that are answered between two ticks. */
const ANSWERED_PEERS = 1_024;
/** Messages of the next height kept for one member: a proposal and the votes of a few views. */
const EARLY_PER_MEMBER = 8;

export interface Early {
  readonly from: NodeId;
  readonly message: ConsensusMessage;
}

/** What a replica keeps about other nodes: how far they are, and how much they were answered. */
export class Peers {
  #members: readonly NodeId[] = [];
  /** The greatest height that each member claimed to be deciding: a hint, for anyone can claim it. */
  readonly #heights = new Map<NodeId, number>();
  readonly #answers = new Map<NodeId, number>();
  #early: Early[] = [];
  /** The greatest height for which an F-certificate was seen. */
  #decided = -1;

  begin(committee: Committee): void {
    this.#members = committee.members;
    for (const peer of this.#heights.keys())
      if (!committee.members.includes(peer)) this.#heights.delete(peer);
  }

  /** True when the member has not claimed so great a height before. */
  saw(peer: NodeId, height: number): boolean {
    const isNews = height > (this.#heights.get(peer) ?? 0) && this.#members.includes(peer);
    if (isNews) this.#heights.set(peer, height);
    return isNews;
  }

  sawDecided(height: number): void {
    this.#decided = Math.max(this.#decided, height);
  }

  /** Rule 2: an F-certificate of this height or a higher one was verified. */
  isDecided(height: number): boolean {
    return this.#decided >= height;
  }

  /** The members that claim to have decided this height. */
  claimants(height: number): readonly NodeId[] {
    return this.#members.filter((peer) => (this.#heights.get(peer) ?? 0) > height);
  }

  /** Whether it is certain that this height was decided. */
  isBehind(height: number, committee: Committee): boolean {
    return this.isDecided(height) || isOneHonest(this.claimants(height).length, committee);
  }

  /** Takes one answer off the peer's allowance; false when there is none left. */
  mayAnswer(peer: NodeId): boolean {
    const count = this.#answers.get(peer) ?? 0;
    if (count >= ANSWERS_PER_TICK) return false;
    if (count === 0 && this.#answers.size >= ANSWERED_PEERS) return false;
    this.#answers.set(peer, count + 1);
    return true;
  }

  renewAllowances(): void {
    this.#answers.clear();
  }

  /** Keeps a message of the next height until this one is committed: it would be sent again a tick later. */
  keepEarly(from: NodeId, message: ConsensusMessage): void {
    if (!this.#members.includes(from)) return;
    const kept = this.#early.filter((each) => each.from === from).length;
    if (kept < EARLY_PER_MEMBER) this.#early.push({ from, message });
  }

  takeEarly(): readonly Early[] {
    const early = this.#early;
    this.#early = [];
    return early;
  }
}
