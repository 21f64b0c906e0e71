import type { BlockHash } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { contradict, evidenceBetween, votesOf } from "./evidence.ts";
import { ballot, certificate, vote } from "./testing.ts";

const A = "a" as BlockHash;
const B = "b" as BlockHash;

describe("two votes of one seat in one view contradict each other", () => {
  test.each([
    ["N for two blocks", ballot("N", 3, A), ballot("N", 3, B)],
    ["F for two blocks", ballot("F", 3, A), ballot("F", 3, B)],
    ["X and F", ballot("X", 3), ballot("F", 3, A)],
  ])("%s, in either order", (_, one, other) => {
    expect(contradict(vote(1, one), vote(1, other))).toBe(true);
    expect(contradict(vote(1, other), vote(1, one))).toBe(true);
  });

  test.each([
    ["N and then X", ballot("N", 3, A), ballot("X", 3)],
    ["N and F for the same block", ballot("N", 3, A), ballot("F", 3, A)],
    ["N for two blocks in two views", ballot("N", 3, A), ballot("N", 4, B)],
    ["X and F in two views", ballot("X", 3), ballot("F", 4, A)],
    ["N at two heights", ballot("N", 3, A), { ...ballot("N", 3, B), height: 8 }],
    ["N in two epochs", ballot("N", 3, A), { ...ballot("N", 3, B), epoch: 1 }],
  ])("but not %s", (_, one, other) => {
    expect(contradict(vote(1, one), vote(1, other))).toBe(false);
  });

  test("but not votes of two seats, nor two signatures of one ballot", () => {
    expect(contradict(vote(1, ballot("N", 3, A)), vote(2, ballot("N", 3, B)))).toBe(false);
    const again = { ...vote(1, ballot("N", 3, A)), signature: "another" as never };
    expect(contradict(vote(1, ballot("N", 3, A)), again)).toBe(false);
  });
});

test("two certificates that exclude each other convict the seats that stand in both", () => {
  const found = evidenceBetween(
    certificate(ballot("X", 2), [0, 1, 2]),
    certificate(ballot("F", 2, A), [1, 2, 3]),
  );
  expect(found.map(({ seat }) => seat)).toEqual([1, 2]);
  expect(found.every(({ first, second }) => contradict(first, second))).toBe(true);
});

test("a certificate is its votes", () => {
  expect(votesOf(certificate(ballot("N", 1, A), [0, 3]))).toEqual([
    vote(0, ballot("N", 1, A)),
    vote(3, ballot("N", 1, A)),
  ]);
});
