import { limits, type NodeId, type Signature } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import type { Ballot, Vote } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { HeardVotes } from "./heard-votes.ts";

const { state } = new TestNetwork();
const node = state.committee.seats[0]?.node as NodeId;

/** Here a signature is good unless it says `bad`. */
let checks = 0;
let height = 20;
const heard = () =>
  new HeardVotes({
    chain: {
      get head() {
        return { height, state } as never;
      },
    },
    verifier: {
      vote({ signature }) {
        checks++;
        return !signature.startsWith("bad");
      },
    },
  });
const vote = (change: Partial<Ballot>, signature = "good"): Vote => ({
  ballot: {
    ...{ kind: "N", epoch: 0, height: 20, view: 0, blockHash: "ab".repeat(32) as never },
    ...change,
  } as Ballot,
  seat: 0,
  signature: signature as Signature,
});
const other = { blockHash: "cd".repeat(32) as never };
const late = (votes: HeardVotes, one: Vote) => votes.late(node, { kind: "vote", vote: one });

test("a late vote that contradicts nothing is never checked", () => {
  [checks, height] = [0, 20];
  const votes = heard();
  votes.note({ kind: "vote", vote: vote({}) });
  for (let i = 0; i < 5; i++) expect(late(votes, vote({}))).toBeNull();
  for (let view = 1; view < 100; view++) expect(late(votes, vote({ view }))).toBeNull();
  expect(checks).toBe(0);
});

test("a bad vote that came first hides no crime behind it", () => {
  height = 20;
  const votes = heard();
  late(votes, vote({}, "bad"));
  expect(late(votes, vote(other))).toBeNull();
  expect(late(votes, vote({}))).toMatchObject({ first: { ballot: other }, second: vote({}) });
});

test("the votes of a few heights are remembered, and of a seat a few at each", () => {
  height = 20;
  const votes = heard();
  for (let view = 0; view < 40; view++) votes.note({ kind: "vote", vote: vote({ view }) });
  expect(late(votes, vote({ ...other, view: 39 }))).toBeNull();
  height += limits.rememberedVoteHeights - 1;
  votes.forget();
  expect(late(votes, vote({ ...other, view: 3 }))).not.toBeNull();
  const again = heard();
  again.note({ kind: "vote", vote: vote({}) });
  height++;
  again.forget();
  expect(late(again, vote(other))).toBeNull();
});
