import {
  contradict,
  type Evidence,
  signaturesOf,
  type Verifier,
  votesOf,
} from "@meshwork/consensus";
import { limits, type NodeId } from "@meshwork/foundation";
import type { Certificate, ConsensusMessage, Vote } from "@meshwork/protocol";
import type { Chain } from "../store/chain.ts";

export interface HeardVotesParts {
  chain: Pick<Chain, "head">;
  verifier: Pick<Verifier, "vote">;
}

interface Heard {
  readonly vote: Vote;
  /** Its signature was checked. What came too late to count is remembered without. */
  readonly isGood: boolean;
}

/** A seat votes two or three times in a view, and a height seldom takes more than a few. */
const VOTES_OF_A_SEAT = 16;

/**
 * What the seats have signed at the last few heights, so that one that signs twice is found out also when
 * its second vote comes after the decision. A vote that comes late costs a check only if it contradicts
 * another, and only from the seat itself.
 */
export class HeardVotes {
  readonly #parts: HeardVotesParts;
  /** By height and seat. */
  readonly #heights = new Map<number, Map<number, Heard[]>>();
  /** Seats that were found out, with their epoch. */
  readonly #guilty = new Set<string>();

  constructor(parts: HeardVotesParts) {
    this.#parts = parts;
  }

  /** A message whose signatures are good. */
  note(message: ConsensusMessage): void {
    const { votes, certificates } = signaturesOf(message);
    for (const vote of votes) this.#keep({ vote, isGood: true });
    for (const certificate of certificates) this.noteCertificate(certificate);
  }

  noteCertificate(certificate: Certificate): void {
    for (const vote of votesOf(certificate)) this.#keep({ vote, isGood: true });
  }

  /** A message that changes nothing here any more. Evidence, if its sender's vote in it convicts him. */
  late(from: NodeId, message: ConsensusMessage): Evidence | null {
    if (message.kind !== "vote" && message.kind !== "proposal") return null;
    const { vote } = message;
    if (this.#nodeOf(vote) !== from || this.#guilty.has(nameOf(vote))) return null;
    const rival = this.#of(vote).find((heard) => contradict(heard.vote, vote));
    if (rival === undefined) this.#keep({ vote, isGood: false });
    return rival === undefined ? null : this.#judge(rival, vote);
  }

  /** To be called when the head has moved. */
  forget(): void {
    const { height } = this.#parts.chain.head;
    for (const each of this.#heights.keys())
      if (each <= height - limits.rememberedVoteHeights) this.#heights.delete(each);
  }

  #judge(rival: Heard, vote: Vote): Evidence | null {
    const { verifier } = this.#parts;
    if (!verifier.vote(vote)) return null;
    const heard = this.#of(vote);
    if (!rival.isGood && !verifier.vote(rival.vote)) {
      heard.splice(heard.indexOf(rival), 1, { vote, isGood: true });
      return null;
    }
    this.#guilty.add(nameOf(vote));
    return { seat: vote.seat, first: rival.vote, second: vote };
  }

  #keep(heard: Heard): void {
    const { height } = this.#parts.chain.head;
    const { vote } = heard;
    const isNear =
      vote.ballot.height > height - limits.rememberedVoteHeights &&
      vote.ballot.height <= height + 2;
    const known = this.#of(vote);
    if (!isNear || known.length >= VOTES_OF_A_SEAT || known.some((one) => isSame(one.vote, vote)))
      return;
    const seats = this.#heights.get(vote.ballot.height) ?? new Map<number, Heard[]>();
    this.#heights.set(vote.ballot.height, seats.set(vote.seat, [...known, heard]));
  }

  #of({ ballot, seat }: Vote): Heard[] {
    return this.#heights.get(ballot.height)?.get(seat) ?? [];
  }

  #nodeOf({ ballot, seat }: Vote): NodeId | undefined {
    return this.#parts.chain.head.state.committeeOf(ballot.epoch)?.seats[seat]?.node;
  }
}

const nameOf = ({ ballot, seat }: Vote): string => `${ballot.epoch} ${seat}`;

const isSame = ({ ballot: a }: Vote, { ballot: b }: Vote): boolean =>
  a.kind === b.kind && a.view === b.view && a.blockHash === b.blockHash && a.epoch === b.epoch;
