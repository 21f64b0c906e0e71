import type { BlockHash } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { ballot, certificate, vote } from "./testing.ts";
import { Votes } from "./votes.ts";

const A = "a" as BlockHash;
const B = "b" as BlockHash;

function votes(...cast: readonly [number, ReturnType<typeof ballot>][]) {
  const result = new Votes();
  const evidence = cast.flatMap(([seat, about]) => result.add(vote(seat, about)) ?? []);
  return { result, evidence };
}

test("a quorum on one ballot makes its certificate, in seat order", () => {
  const about = ballot("N", 0, A);
  const { result } = votes([3, about], [0, about]);
  expect(result.certificateOf(about, 3)).toBeNull();
  result.add(vote(1, about));
  expect(result.certificateOf(about, 3)).toEqual(certificate(about, [0, 1, 3]));
});

test("a certificate holds as many signatures as a quorum needs, and no surplus", () => {
  const about = ballot("N", 0, A);
  const { result } = votes([3, about], [2, about], [1, about], [0, about]);
  expect(result.certificateOf(about, 3)).toEqual(certificate(about, [0, 1, 2]));
});

test("votes for different blocks do not add up, nor does one seat twice", () => {
  const { result } = votes([0, ballot("N", 0, A)], [1, ballot("N", 0, B)], [2, ballot("N", 0, A)]);
  result.add(vote(2, ballot("N", 0, A)));
  expect(result.certificateOf(ballot("N", 0, A), 3)).toBeNull();
});

test("of a seat that votes twice the first vote counts, and both are evidence, once", () => {
  const { result, evidence } = votes([0, ballot("N", 0, A)], [0, ballot("N", 0, B)]);
  expect(evidence).toEqual([
    { seat: 0, first: vote(0, ballot("N", 0, A)), second: vote(0, ballot("N", 0, B)) },
  ]);
  expect(result.add(vote(0, ballot("N", 0, B)))).toBeNull();
  result.add(vote(1, ballot("N", 0, B)));
  expect(result.certificateOf(ballot("N", 0, B), 2)).toBeNull();
});

test("X and F of a seat are evidence, whichever came first", () => {
  expect(votes([0, ballot("X", 0)], [0, ballot("F", 0, A)]).evidence).toHaveLength(1);
  expect(votes([0, ballot("F", 0, A)], [0, ballot("X", 0)]).evidence).toHaveLength(1);
});

test("a flood of votes by one seat keeps three", () => {
  const { result } = votes();
  for (let i = 0; i < 1_000; i++) {
    result.add(vote(0, ballot("N", 0, `${i}` as BlockHash)));
    result.add(vote(0, ballot("F", 0, `${i}` as BlockHash)));
    result.add(vote(0, ballot("X", 0)));
  }
  expect([result.count("N"), result.count("F"), result.count("X")]).toEqual([1, 1, 1]);
});
