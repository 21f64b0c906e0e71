import type { Ballot, Certificate, Vote, VoteKind } from "@meshwork/protocol";
import { contradict, type Evidence } from "./evidence.ts";

/** The votes of one view: of each seat the first N, the first X and the first F, and no more. */
export class Votes {
  readonly #byKind: Record<VoteKind, Map<number, Vote>> = {
    N: new Map(),
    X: new Map(),
    F: new Map(),
  };
  readonly #guilty = new Set<number>();

  /** Keeps the vote if it is the seat's first of its kind. Evidence comes once for each seat. */
  add(vote: Vote): Evidence | null {
    const same = this.#byKind[vote.ballot.kind];
    if (!same.has(vote.seat)) same.set(vote.seat, vote);
    if (this.#guilty.has(vote.seat)) return null;
    for (const kept of Object.values(this.#byKind)) {
      const first = kept.get(vote.seat);
      if (first === undefined || first === vote || !contradict(first, vote)) continue;
      this.#guilty.add(vote.seat);
      return { seat: vote.seat, first, second: vote };
    }
    return null;
  }

  /** Seats that voted so, for whatever block. */
  count(kind: VoteKind): number {
    return this.#byKind[kind].size;
  }

  /** The certificate on this ballot, of just `quorum` seats, once so many have signed it. */
  certificateOf(ballot: Ballot, quorum: number): Certificate | null {
    const all = this.#byKind[ballot.kind];
    if (all.size < quorum) return null;
    const votes = [...all.values()].filter((vote) => vote.ballot.blockHash === ballot.blockHash);
    if (votes.length < quorum) return null;
    const signers = votes.sort((a, b) => a.seat - b.seat).slice(0, quorum);
    return {
      ballot,
      seats: signers.map((vote) => vote.seat),
      signatures: signers.map((vote) => vote.signature),
    };
  }
}
