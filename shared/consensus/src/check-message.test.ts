import { generateKeyPair } from "@meshwork/crypto";
import type { ChainId } from "@meshwork/foundation";
import { type Certificate, type ConsensusMessage, signBallot, type Vote } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { checkMessage, keyVerifier, signaturesOf } from "./check-message.ts";
import { ballot, blockAt, NEW_BLOCK } from "./testing.ts";

const CHAIN = "c".repeat(64) as ChainId;
const HASH = "a".repeat(64) as never;
const keys = [0, 1, 2, 3].map(() => generateKeyPair());
const voteKeys = keys.map(({ publicKey }) => publicKey);
const verifier = keyVerifier(CHAIN, (epoch) => (epoch === 0 ? voteKeys : null));

function sign(seat: number, about = ballot("N", 0, HASH), chain = CHAIN): Vote {
  const key = keys[seat];
  if (key === undefined) throw new RangeError(`no seat ${seat}`);
  return signBallot(key, chain, seat, about);
}

function certificate(seats: readonly number[], about = ballot("X", 0)): Certificate {
  const signatures = seats.map((seat) => sign(seat, about).signature);
  return { ballot: about, seats: [...seats], signatures };
}

const vote = (value: Vote): ConsensusMessage => ({ kind: "vote", vote: value });
const proposal = (justification = NEW_BLOCK, by = sign(3)): ConsensusMessage => ({
  kind: "proposal",
  block: blockAt(0),
  justification,
  vote: by,
});

describe("a message is given to the replica only if", () => {
  test("its vote is signed by its seat, in this chain and a known epoch", () => {
    expect(checkMessage(verifier, vote(sign(1)))).toBe(true);
    expect(checkMessage(verifier, vote({ ...sign(1), seat: 2 }))).toBe(false);
    expect(checkMessage(verifier, vote({ ...sign(1), seat: 9 }))).toBe(false);
    expect(
      checkMessage(verifier, vote(sign(1, ballot("N", 0, HASH), "d".repeat(64) as ChainId))),
    ).toBe(false);
    expect(checkMessage(verifier, vote(sign(1, { ...ballot("N", 0, HASH), epoch: 1 })))).toBe(
      false,
    );
  });

  test("its vote names a block exactly if it is no X", () => {
    expect(checkMessage(verifier, vote(sign(1, ballot("X", 0))))).toBe(true);
    expect(checkMessage(verifier, vote(sign(1, ballot("X", 0, HASH))))).toBe(false);
    expect(checkMessage(verifier, vote(sign(1, ballot("F", 0))))).toBe(false);
  });

  test("its certificate is signed by a quorum, each seat once", () => {
    const check = (value: Certificate) =>
      checkMessage(verifier, { kind: "certificate", certificate: value });
    expect(check(certificate([0, 1, 3]))).toBe(true);
    expect(check(certificate([0, 1]))).toBe(false);
    expect(check(certificate([0, 1, 1]))).toBe(false);
    expect(check({ ...certificate([0, 1, 3]), seats: [0, 1, 2] })).toBe(false);
    expect(check({ ...certificate([0, 1, 3]), ballot: ballot("X", 1) })).toBe(false);
  });

  test("every certificate of its justification is", () => {
    const good = certificate([0, 1, 2]);
    const bad = certificate([0, 1]);
    const N = certificate([0, 1, 2], ballot("N", 0, HASH));
    expect(checkMessage(verifier, proposal({ notarized: N, nullified: [good] }))).toBe(true);
    expect(checkMessage(verifier, proposal({ notarized: N, nullified: [good, bad] }))).toBe(false);
    expect(checkMessage(verifier, proposal({ notarized: bad, nullified: [] }))).toBe(false);
    expect(checkMessage(verifier, proposal(NEW_BLOCK, { ...sign(3), seat: 0 }))).toBe(false);
  });
});

test("the signatures of a message can be listed, to be checked elsewhere or only once", () => {
  const N = certificate([0, 1, 2], ballot("N", 0, HASH));
  const X = certificate([0, 1, 2]);
  const by = sign(3);
  expect(signaturesOf(proposal({ notarized: N, nullified: [X] }, by))).toEqual({
    votes: [by],
    certificates: [N, X],
  });
  expect(signaturesOf({ kind: "status", height: 1, view: 0, certified: -1 })).toEqual({
    votes: [],
    certificates: [],
  });
});
