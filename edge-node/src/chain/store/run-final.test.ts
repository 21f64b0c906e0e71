import { type Account, applyGenesis } from "@meshwork/ledger";
import { TestNetwork } from "@meshwork/ledger/testing";
import { type FinalizedBlock, headerHash } from "@meshwork/protocol";
import { expect, test } from "vitest";
import type { ChainHead } from "./chain-head.ts";
import { runFinal } from "./run-final.ts";

const network = new TestNetwork();
for (let i = 0; i < 4; i++) network.step({ view: 1 });
const { blocks, requester } = network;
const { state, header } = applyGenesis(network.genesis);
const head: ChainHead = { height: 0, hash: headerHash(header), header, certificate: null, state };

test("a run of final blocks leads where one after the other leads", () => {
  const ran = runFinal(head, blocks, new Map());
  let on = head;
  for (const [i, block] of blocks.entries()) {
    const [single] = runFinal(on, [block], new Map());
    if (single === undefined) throw new Error("nothing ran");
    expect(ran[i]?.applied.changes).toEqual(single.applied.changes);
    expect(ran[i]?.committed.events).toEqual(single.committed.events);
    on = single.committed;
  }
  expect(ran.at(-1)?.committed.state.root()).toBe(network.state.root());
});

test("a root at the end of a run that is not this node's stops it", () => {
  const [last] = blocks.slice(-1) as [FinalizedBlock];
  const wrong = { ...last.block.header, stateRoot: "cd".repeat(32) as never };
  const forged = { block: { ...last.block, header: wrong }, certificate: last.certificate };
  expect(() => runFinal(head, [...blocks.slice(0, -1), forged], new Map())).toThrow(
    expect.objectContaining({ code: "BLOCK_DIVERGES", detail: { height: 4, refusal: wrongRoot } }),
  );
});

test("a node that computes otherwise learns at which block it began", () => {
  const account = state.account(requester.nodeId) as Account;
  const other = state.with("account", { ...account, points: 1n as never });
  expect(() => runFinal({ ...head, state: other }, blocks, new Map())).toThrow(
    expect.objectContaining({ code: "BLOCK_DIVERGES", detail: { height: 1, refusal: wrongRoot } }),
  );
});

const wrongRoot = expect.objectContaining({ code: "WRONG_STATE_ROOT" });
