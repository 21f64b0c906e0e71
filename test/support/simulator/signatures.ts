import type { Verifier } from "@meshwork/consensus";
import type { NodeId, Signature } from "@meshwork/foundation";
import type { Ballot, Certificate, Vote } from "@meshwork/protocol";

interface Issued {
  readonly signer: NodeId;
  readonly ballot: Ballot;
}

/**
 * Signatures that cost nothing and cannot be forged: a token stands in a table with its signer and
 * its ballot. Like SM2's they are randomised: two signatures of one ballot differ.
 */
export class SignatureTable implements Verifier {
  readonly #issued = new Map<Signature, Issued>();
  /** What was checked once; messages travel by reference. */
  readonly #valid = new WeakSet<Vote | Certificate>();
  readonly #signerOf: (epoch: number, seat: number) => NodeId | undefined;
  readonly #quorumOf: (seats: number) => number;
  readonly #seats: number;

  constructor(
    committee: { seats: number; signerOf(epoch: number, seat: number): NodeId | undefined },
    quorumOf: (seats: number) => number,
  ) {
    this.#seats = committee.seats;
    this.#signerOf = committee.signerOf;
    this.#quorumOf = quorumOf;
  }

  sign(signer: NodeId, seat: number, ballot: Ballot): Vote {
    const signature = `t${this.#issued.size}` as Signature;
    this.#issued.set(signature, { signer, ballot });
    const vote = { ballot, seat, signature };
    if (this.#signerOf(ballot.epoch, seat) === signer) this.#valid.add(vote);
    return vote;
  }

  vote(vote: Vote): boolean {
    return this.#valid.has(vote) || this.#isSigned(vote.signature, vote.seat, vote.ballot);
  }

  certificate(certificate: Certificate): boolean {
    if (this.#valid.has(certificate)) return true;
    const isValid = this.isQuorum(certificate, this.#quorumOf(this.#seats));
    if (isValid) this.#valid.add(certificate);
    return isValid;
  }

  /** Whether `quorum` seats, each once and in order, signed the ballot. */
  isQuorum({ ballot, seats, signatures }: Certificate, quorum: number): boolean {
    if (seats.length !== signatures.length || seats.length < quorum) return false;
    if (seats.some((seat, i) => seat <= (seats[i - 1] ?? -1))) return false;
    return seats.every((seat, i) => this.#isSigned(signatures[i], seat, ballot));
  }

  #isSigned(signature: Signature | undefined, seat: number, ballot: Ballot): boolean {
    const issued = signature === undefined ? undefined : this.#issued.get(signature);
    return (
      issued !== undefined &&
      issued.signer === this.#signerOf(ballot.epoch, seat) &&
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
