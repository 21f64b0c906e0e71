import { describe, expect, test } from "vitest";
import { type MutantName, mutants, rulesOf } from "../support/simulator/mutants.ts";
import { exploreVotes } from "./explore-votes.ts";

test("no order of votes in two views forks four seats of which one lies", () => {
  const { states, violation } = exploreVotes(2);
  expect(violation).toBeNull();
  expect(states).toBe(19_870);
});

describe("some order of votes in three views forks them under", () => {
  const names: MutantName[] = ["quorum-too-small", "justification-skipped", "final-after-nullify"];
  test.each(names)("%s", (name) => {
    expect(exploreVotes(3, rulesOf(mutants[name])).violation).not.toBeNull();
  });
});
