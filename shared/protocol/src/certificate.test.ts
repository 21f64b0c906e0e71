import type { BlockHash } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import {
  type Ballot,
  type Certificate,
  quorumOf,
  signBallot,
  verifyCertificate,
  verifyVote,
} from "./certificate.ts";
import { newIdentity, sampleChain } from "./testing/sample-ids.ts";

const seats = Array.from({ length: 4 }, newIdentity);
const voteKeys = seats.map((seat) => seat.keyPair.publicKey);
const ballot: Ballot = {
  kind: "F",
  epoch: 0,
  height: 3,
  view: 1,
  blockHash: "ab".repeat(32) as BlockHash,
};

function certificateBy(signers: number[], about = ballot): Certificate {
  const votes = signers.map((seat) =>
    signBallot((seats[seat] as (typeof seats)[0]).keyPair, sampleChain, seat, about),
  );
  return { ballot: about, seats: signers, signatures: votes.map((vote) => vote.signature) };
}

describe("a certificate", () => {
  test("holds with more than two thirds of the seats", () => {
    expect([4, 5, 6, 7, 10, 100].map(quorumOf)).toEqual([3, 4, 5, 5, 7, 67]);
    expect(verifyCertificate(sampleChain, voteKeys, certificateBy([0, 1, 3]))).toBe(true);
    expect(verifyCertificate(sampleChain, voteKeys, certificateBy([1, 2, 3]))).toBe(true);
  });

  test("is refused below the quorum and above it, with a seat twice, out of order, or unknown", () => {
    expect(verifyCertificate(sampleChain, voteKeys, certificateBy([0, 1]))).toBe(false);
    // A surplus could be taken away and put back by anybody on the way.
    expect(verifyCertificate(sampleChain, voteKeys, certificateBy([0, 1, 2, 3]))).toBe(false);
    expect(verifyCertificate(sampleChain, voteKeys, certificateBy([0, 1, 1]))).toBe(false);
    expect(verifyCertificate(sampleChain, voteKeys, certificateBy([1, 0, 2]))).toBe(false);
    const unknown = { ...certificateBy([0, 1, 3]), seats: [0, 1, 4] };
    expect(verifyCertificate(sampleChain, voteKeys, unknown)).toBe(false);
  });

  test("is refused when it speaks of anything but what was signed", () => {
    const good = certificateBy([0, 1, 2]);
    const changes: Partial<Ballot>[] = [
      { kind: "N" },
      { epoch: 1 },
      { height: 4 },
      { view: 2 },
      { blockHash: "ac".repeat(32) as BlockHash },
      { kind: "X", blockHash: null },
    ];
    for (const change of changes) {
      expect(
        verifyCertificate(sampleChain, voteKeys, { ...good, ballot: { ...ballot, ...change } }),
      ).toBe(false);
    }
    const foreign = "0f".repeat(32) as typeof sampleChain;
    expect(verifyCertificate(foreign, voteKeys, good)).toBe(false);
  });
});

test("an X with a block, and an N without one, are no votes", () => {
  const { keyPair } = seats[0] as (typeof seats)[0];
  const crooked = signBallot(keyPair, sampleChain, 0, { ...ballot, kind: "X" });
  expect(verifyVote(sampleChain, voteKeys, crooked)).toBe(false);
  expect(
    verifyVote(
      sampleChain,
      voteKeys,
      signBallot(keyPair, sampleChain, 0, { ...ballot, kind: "N", blockHash: null }),
    ),
  ).toBe(false);
  expect(
    verifyVote(
      sampleChain,
      voteKeys,
      signBallot(keyPair, sampleChain, 0, { ...ballot, kind: "X", blockHash: null }),
    ),
  ).toBe(true);
});
