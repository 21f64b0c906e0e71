import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standingNetwork, TestNetwork } from "@meshwork/ledger/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { keepVoteKeys } from "./my-seat.ts";
import { openVoteFolder, type VoteFolder } from "./vote-folder.ts";

const network = standingNetwork({ members: 5 });
const me = network.state.committee.seats[0]?.node as never;
const genesis = new TestNetwork({ members: 5 });

let folder: string;
let vote: VoteFolder;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-seat-"));
  vote = await openVoteFolder(folder);
});
afterEach(async () => {
  await vote.log.close();
  await rm(folder, { recursive: true, force: true });
});

/** As if the seat of `me` had this node's key for the given epoch. */
async function elected(epoch: number) {
  const { keys } = vote;
  const { voteKey } = keys.offered.public;
  await keys.keep({ seated: [{ voteKey, epoch }], registered: voteKey, reached: epoch });
  return voteKey;
}

test("a seat whose chain begins at the genesis again, as STORE_CORRUPT advises, has its key still", async () => {
  const voteKey = await elected(1);
  const { keys } = vote;
  const wal = { completeFrom: 0 };
  await keepVoteKeys({ height: 0, state: genesis.state }, { me, keys, wal });
  expect(keys.of(voteKey)).toBeDefined();
});

test("no key is erased while the chain is below what the log remembers, and each is once it is above", async () => {
  while (network.state.committee.epoch < 2) network.passEpoch();
  const voteKey = await elected(1);
  const { keys } = vote;
  const { height } = network.header;
  const at = { height, state: network.state };
  await keepVoteKeys(at, { me, keys, wal: { completeFrom: height + 2 } });
  expect(keys.of(voteKey)).toBeDefined();
  await keepVoteKeys(at, { me, keys, wal: { completeFrom: height + 1 } });
  expect(keys.of(voteKey)).toBeUndefined();
});
