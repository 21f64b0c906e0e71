import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChain } from "@meshwork/edge-node";
import { standingNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { headerHash } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { checkpointOf } from "./checkpoint-of.ts";

test("an invite can name the last end of an epoch that a node has checked", async () => {
  const network = standingNetwork({
    policy: { epochMs: 20_000, handOverBlocks: 3, handOverMs: 30, committeeSeats: 4 },
  });
  const { genesis, handOvers } = network;
  const folder = await mkdtemp(join(tmpdir(), "meshwork-checkpoint-"));
  const chain = await openChain({ folder: join(folder, "chain"), genesis, log: silentLog });
  try {
    while (handOvers.length < 2) network.step({ view: 1, elapsedMs: 4_000 });
    await chain.commitFinal(network.blocks);
  } finally {
    await chain.close();
  }
  const last = handOvers.at(-1)?.header;
  expect(await checkpointOf(folder, genesis)).toEqual(
    last && { height: last.height, hash: headerHash(last) },
  );
  expect(await checkpointOf(undefined, genesis)).toBeNull();
  await rm(folder, { recursive: true });
});
