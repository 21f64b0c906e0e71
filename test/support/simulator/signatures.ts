import { contradict, type Evidence } from "@meshwork/consensus";
import type { Signature } from "@meshwork/foundation";
import type { Ballot, Certificate, Vote } from "@meshwork/protocol";
import type { Seats, VoteKey } from "./seats.ts";

interface Issued {
  readonly key: VoteKey;
  readonly ballot: Ballot;
}

/**
 * Signatures that cost nothing and cannot be forged: a token stands in a table with its key and its
 * ballot. Like SM2's they are randomised: two signatures of one ballot differ.
 */
export class SignatureTable {
  readonly #issued = new Map<Signature, Issued>();
  /** What was checked once, against which committee; messages travel by reference. */
  readonly #valid = new WeakMap<Vote | Certificate | Evidence, Seats>();
  readonly #quorumOf: (seats: number) => number;

  constructor(quorumOf: (seats: number) => number) {
    this.#quorumOf = quorumOf;
  }

  sign(key: VoteKey, seat: number, ballot: Ballot): Vote {
    const signature = `t${this.#issued.size}` as Signature;
    this.#issued.set(signature, { key, ballot });
    return { ballot, seat, signature };
  }

  readonly vote = (vote: Vote, seats: Seats): boolean =>
    this.#remember(vote, seats, () => this.#isSigned(vote, seats));

  readonly certificate = (certificate: Certificate, seats: Seats): boolean =>
    this.#remember(certificate, seats, () =>
      this.isQuorum(certificate, seats, this.#quorumOf(seats.members.length)),
    );

  /** Two votes of one seat that exclude each other, both signed by its key. */
  readonly evidence = (evidence: Evidence, seats: Seats): boolean =>
    this.#remember(evidence, seats, () => {
      const { seat, first, second } = evidence;
      const isOfSeat = first.seat === seat && contradict(first, second);
      return isOfSeat && this.vote(first, seats) && this.vote(second, seats);
    });

  /** Whether `quorum` seats, each once and in order, signed the ballot. */
  isQuorum({ ballot, seats, signatures }: Certificate, by: Seats, quorum: number): boolean {
    if (seats.length !== signatures.length || seats.length < quorum) return false;
    if (seats.some((seat, i) => seat <= (seats[i - 1] ?? -1))) return false;
    return seats.every((seat, i) => {
      const signature = signatures[i];
      return signature !== undefined && this.#isSigned({ ballot, seat, signature }, by);
    });
  }

  #remember(what: Vote | Certificate | Evidence, seats: Seats, check: () => boolean): boolean {
    if (this.#valid.get(what)?.hash === seats.hash) return true;
    const isValid = check();
    if (isValid) this.#valid.set(what, seats);
    return isValid;
  }

  #isSigned({ ballot, seat, signature }: Vote, seats: Seats): boolean {
    const issued = this.#issued.get(signature);
    return (
      issued !== undefined &&
      ballot.epoch === seats.epoch &&
      issued.key === seats.keys[seat] &&
      (issued.ballot === ballot || isSameBallot(issued.ballot, ballot))
    );
  }
}

const isSameBallot = (a: Ballot, b: Ballot): boolean =>
  a.kind === b.kind &&
  a.epoch === b.epoch &&
  a.height === b.height &&
  a.view === b.view &&
  a.blockHash === b.blockHash;
