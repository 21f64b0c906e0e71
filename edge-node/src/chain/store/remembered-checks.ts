import { type keyVerifier, type Verifier, votesOf } from "@meshwork/consensus";
import { type SignatureCheck, vrfOutput, vrfVerify } from "@meshwork/crypto";
import {
  type ChainId,
  fromHex,
  type Key25519,
  limits,
  type PublicKey,
  toHex,
  type VrfProof,
} from "@meshwork/foundation";
import { believingChecks, type Checks, realChecks } from "@meshwork/ledger";
import {
  ballotDigest,
  type Certificate,
  isWellFormed,
  jobIdOf,
  quorumOf,
  type Transaction,
  transactionIdOf,
  type Vote,
  verifyVote,
} from "@meshwork/protocol";
import { type SignaturePool, WORTH_A_THREAD } from "../mempool/signature-pool.ts";

/** What was once found true, up to a bound: the oldest is forgotten, and then checked anew. */
class Remembered {
  readonly #known = new Set<string>();

  /** Asks `check` only for what is not known to hold. A "no" is not remembered. */
  holds(key: string, check: () => boolean): boolean {
    if (this.#known.has(key)) return true;
    if (!check()) return false;
    this.add(key);
    return true;
  }

  has(key: string): boolean {
    return this.#known.has(key);
  }

  add(key: string): void {
    this.#known.add(key);
    if (this.#known.size > limits.rememberedSignatures)
      for (const oldest of this.#known) {
        this.#known.delete(oldest);
        break;
      }
  }
}

/** A transaction, and the key that should have signed it. */
export interface SignedBy {
  readonly key: PublicKey;
  readonly transaction: Transaction;
}

/**
 * Each signature is checked once: a transaction's when it reaches the pool, a vote's when it arrives,
 * and neither again inside a block or a certificate. A key names all that the check depends on.
 */
export class RememberedChecks implements Checks {
  readonly #transactions = new Remembered();
  /** The same by the value itself, which never changes: as a rule it is asked for again and again. */
  readonly #goodValues = new WeakMap<Transaction, PublicKey>();
  /** Checks that threads are at: who asks for one of them waits for it. */
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #votes = new Remembered();
  readonly #beacons = new Remembered();
  readonly #mandates = new Remembered();
  readonly verifyAttestation = realChecks.verifyAttestation;
  readonly verifyVoucher = realChecks.verifyVoucher;
  readonly verifyAdmission = realChecks.verifyAdmission;
  readonly verifyConsent = realChecks.verifyConsent;

  /** One mandate stands behind all the orders of a job. */
  readonly verifyMandate: Checks["verifyMandate"] = (key, mandate, signature) =>
    this.#mandates.holds(`${key} ${jobIdOf(mandate)} ${signature}`, () =>
      realChecks.verifyMandate(key, mandate, signature),
    );

  readonly verifyTransaction: Checks["verifyTransaction"] = (key, transaction) => {
    const signed = { key, transaction };
    if (this.#isKnown(signed)) return true;
    const isGood = realChecks.verifyTransaction(key, transaction);
    if (isGood) this.#transactions.add(signatureKey(signed));
    return isGood;
  };

  /** Those that are not known to hold. */
  unknown(signed: readonly SignedBy[]): SignedBy[] {
    return signed.filter((each) => !this.#isKnown(each));
  }

  #isKnown(signed: SignedBy): boolean {
    if (this.#goodValues.get(signed.transaction) === signed.key) return true;
    if (!this.#transactions.has(signatureKey(signed))) return false;
    this.#goodValues.set(signed.transaction, signed.key);
    return true;
  }

  /** Checks many at once, off this thread, and remembers the good ones. Resolves to the forged. */
  async prepare(
    pool: Pick<SignaturePool, "verify">,
    signed: readonly SignedBy[],
  ): Promise<ReadonlySet<Transaction>> {
    const unknown = this.unknown(signed);
    const fresh = unknown.filter((each) => !this.#underWay.has(signatureKey(each)));
    this.#check(fresh, pool);
    const forged = new Set<Transaction>();
    for (const each of unknown) {
      const name = signatureKey(each);
      const holds = (await this.#underWay.get(name)) ?? this.#transactions.has(name);
      if (!holds) forged.add(each.transaction);
    }
    return forged;
  }

  #check(fresh: readonly SignedBy[], pool: Pick<SignaturePool, "verify">): void {
    const names = fresh.map(signatureKey);
    const verdicts = pool.verify(fresh.map(checkOf)).then((found) => {
      for (const [i, name] of names.entries()) if (found[i]) this.#transactions.add(name);
      return found;
    });
    for (const [i, name] of names.entries())
      this.#underWay.set(
        name,
        verdicts.then((found) => found[i] === true),
      );
    void verdicts.finally(() => {
      for (const name of names) this.#underWay.delete(name);
    });
  }

  /** As `protocol/verifyCertificate`, vote by vote. */
  readonly verifyCertificate: Checks["verifyCertificate"] = (chainId, voteKeys, certificate) =>
    isQuorum(certificate, voteKeys.length) &&
    votesOf(certificate).every((vote) => this.verifyVote(chainId, voteKeys, vote));

  /** A proof is checked once, and this node's own never. */
  readonly verifyBeacon = (key: Key25519, alpha: Uint8Array, proof: VrfProof) =>
    this.#beacons.holds(beaconKey(key, alpha, proof), () => vrfVerify(key, alpha, proof) !== null)
      ? vrfOutput(proof)
      : null;

  /** A proof that this node has made itself. */
  trustBeacon(key: Key25519, alpha: Uint8Array, proof: VrfProof): void {
    this.#beacons.holds(beaconKey(key, alpha, proof), () => true);
  }

  /** The same for the votes of a certificate that will be checked soon. Never rejects. */
  async prepareCertificate(
    pool: Pick<SignaturePool, "verify">,
    chainId: ChainId,
    { voteKeys, certificate }: { voteKeys: readonly PublicKey[]; certificate: Certificate },
  ): Promise<void> {
    const unknown = votesOf(certificate).flatMap((vote) => {
      const key = voteKeys[vote.seat];
      const name = voteName(chainId, key, vote);
      return key === undefined || this.#votes.has(name) ? [] : [{ key, vote, name }];
    });
    // Few are checked on the spot, when they are needed.
    if (unknown.length < WORTH_A_THREAD) return;
    const message = ballotDigest(chainId, certificate.ballot);
    const verdicts = await pool.verify(
      unknown.map(({ key, vote }) => ({ publicKey: key, message, signature: vote.signature })),
    );
    for (const [i, { name }] of unknown.entries()) if (verdicts[i]) this.#votes.add(name);
  }

  verifyVote(chainId: ChainId, voteKeys: readonly PublicKey[], vote: Vote): boolean {
    return this.#votes.holds(voteName(chainId, voteKeys[vote.seat], vote), () =>
      verifyVote(chainId, voteKeys, vote),
    );
  }

  /** The same for consensus, which knows keys by their epoch. */
  verifier(chainId: ChainId, voteKeysOf: Parameters<typeof keyVerifier>[1]): Verifier {
    return {
      vote: (vote) => {
        const keys = voteKeysOf(vote.ballot.epoch);
        return keys !== null && this.verifyVote(chainId, keys, vote);
      },
      certificate: (certificate) => {
        const keys = voteKeysOf(certificate.ballot.epoch);
        return keys !== null && this.verifyCertificate(chainId, keys, certificate);
      },
    };
  }
}

function voteName(chainId: ChainId, key: PublicKey | undefined, vote: Vote): string {
  const { kind, epoch, height, view, blockHash } = vote.ballot;
  return [chainId, key, kind, epoch, height, view, blockHash, vote.signature].join(" ");
}

const signatureKey = ({ key, transaction }: SignedBy): string =>
  `${key} ${transactionIdOf(transaction.unsigned)} ${transaction.signature}`;

const checkOf = ({ key, transaction }: SignedBy): SignatureCheck => ({
  publicKey: key,
  message: fromHex(transactionIdOf(transaction.unsigned)),
  signature: transaction.signature,
});

const beaconKey = (key: Key25519, alpha: Uint8Array, proof: VrfProof) =>
  `${key} ${toHex(alpha)} ${proof}`;

/** A quorum of the seats and no more, each once and in order. */
function isQuorum({ ballot, seats, signatures }: Certificate, seatCount: number): boolean {
  return (
    isWellFormed(ballot) &&
    seats.length === signatures.length &&
    seats.length === quorumOf(seatCount) &&
    seats.every((seat, i) => seat > (seats[i - 1] ?? -1) && seat < seatCount)
  );
}

/** For a block that a quorum has made final: each of those seats has checked its signatures. */
export const finalBlockChecks: Checks = believingChecks;
