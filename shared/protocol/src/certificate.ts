import { digestOf, type KeyPair, sign, verify } from "@meshwork/crypto";
import {
  type BlockHash,
  blockHash,
  type ChainId,
  fromHex,
  limits,
  type PublicKey,
  signature,
  uint64,
  utf8,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";

/** Votes of Sequential Simplex: N notarizes, X nullifies a view, F finalizes. */
export const voteKind = z.enum(["N", "X", "F"]);
export type VoteKind = z.infer<typeof voteKind>;

const height = z
  .int()
  .min(1)
  .max(2 ** 48);
const view = z
  .int()
  .min(0)
  .max(2 ** 31);
const epoch = z
  .int()
  .min(0)
  .max(2 ** 31);

/** What a vote is about. `blockHash` is null for X, and only for X. */
export const ballot = z.strictObject({
  kind: voteKind,
  epoch,
  height,
  view,
  blockHash: blockHash.nullable(),
});
export type Ballot = z.infer<typeof ballot>;

export const voteSchema = z.strictObject({
  ballot,
  seat: z
    .int()
    .min(0)
    .max(limits.committeeSeats - 1),
  signature,
});
export type Vote = z.infer<typeof voteSchema>;

/**
 * A quorum's signatures on one ballot, in seat order: just as many as a quorum needs. A surplus proves
 * nothing more, costs its checks and its bytes, and anybody could leave it out or put it in.
 */
export const certificateSchema = z.strictObject({
  ballot,
  seats: z
    .array(
      z
        .int()
        .min(0)
        .max(limits.committeeSeats - 1),
    )
    .min(1)
    .max(limits.committeeSeats),
  signatures: z.array(signature).min(1).max(limits.committeeSeats),
});
export const certificate = wire(certificateSchema, {
  name: "certificate",
  maxBytes: 16_384,
  keepsBytes: true,
});
export type Certificate = z.infer<typeof certificateSchema>;

/** More than two thirds of the seats. */
export const quorumOf = (seats: number): number => Math.floor((2 * seats) / 3) + 1;

const NO_BLOCK = "0".repeat(64) as BlockHash;

export const ballotDigest = (chainId: ChainId, value: Ballot): Uint8Array =>
  fromHex(
    digestOf(
      "meshwork/vote/1",
      utf8(value.kind),
      fromHex(chainId),
      uint64(value.epoch),
      uint64(value.height),
      uint64(value.view),
      fromHex(value.blockHash ?? NO_BLOCK),
    ),
  );

export const signBallot = (
  keyPair: KeyPair,
  chainId: ChainId,
  seat: number,
  value: Ballot,
): Vote => ({
  ballot: value,
  seat,
  signature: sign(keyPair, ballotDigest(chainId, value)),
});

export const isWellFormed = (value: Ballot): boolean =>
  (value.kind === "X") === (value.blockHash === null);

/** N ≠ N, F ≠ F, or X with F, by one seat at one height and view: what an honest seat never signs. */
export function excludeEachOther(a: Vote, b: Vote): boolean {
  const [one, other] = [a.ballot, b.ballot];
  if (
    a.seat !== b.seat ||
    one.epoch !== other.epoch ||
    one.height !== other.height ||
    one.view !== other.view
  )
    return false;
  if (one.kind === other.kind) return one.blockHash !== other.blockHash;
  return one.kind !== "N" && other.kind !== "N";
}

export const verifyVote = (
  chainId: ChainId,
  voteKeys: readonly PublicKey[],
  vote: Vote,
): boolean => {
  const key = voteKeys[vote.seat];
  return (
    key !== undefined &&
    isWellFormed(vote.ballot) &&
    verify(key, ballotDigest(chainId, vote.ballot), vote.signature)
  );
};

/** Whether a quorum of the seats and no more, each once and in order, signed the ballot. */
export function verifyCertificate(
  chainId: ChainId,
  voteKeys: readonly PublicKey[],
  value: Certificate,
): boolean {
  const { ballot: about, seats, signatures } = value;
  if (
    !isWellFormed(about) ||
    seats.length !== signatures.length ||
    seats.length !== quorumOf(voteKeys.length)
  )
    return false;
  if (seats.some((seat, i) => seat <= (seats[i - 1] ?? -1))) return false;
  const message = ballotDigest(chainId, about);
  return seats.every((seat, i) => {
    const key = voteKeys[seat];
    const by = signatures[i];
    return key !== undefined && by !== undefined && verify(key, message, by);
  });
}
