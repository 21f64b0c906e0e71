import { TestNetwork } from "@meshwork/ledger/testing";
import { headerHash } from "@meshwork/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { peerNamed, SyncWorld } from "../testing/sync-world.ts";
import { distrust, holdToCheckpoint } from "./block-trust.ts";

const source = new TestNetwork();
while (source.blocks.length < 20) source.step({ view: 1 });
const { genesis, blocks } = source;
const a = peerNamed("A");
/** As `verify/anchor` has it. */
const TRUST_PERIOD_MS = 21 * 86_400_000;
const at = (age: number) => ({ now: () => genesis.time + age });
const named = (height: number) => {
  const header = blocks[height - 1]?.block.header;
  if (header === undefined) throw new Error("no such block");
  return { height, hash: headerHash(header) };
};
const other = { ...named(12), hash: named(11).hash };

let world: SyncWorld;
beforeEach(async () => {
  world = await SyncWorld.create(source, 100);
});
afterEach(() => world.end());

test("who knows an old genesis alone takes no blocks, and hears what to do", async () => {
  await world.serve(await world.openAt(a, 20), a);
  const chain = await world.openAt("me", 0);
  let age = TRUST_PERIOD_MS + 1;
  const isTrusted = () => distrust({ chain, clock: at(age) }, null);
  const sync = world.follow(chain, [a], { distrust: isTrusted });
  await expect.poll(() => sync.trouble?.code).toBe("SYNC_UNANCHORED");
  expect(sync.trouble?.message).toContain("MESHWORK_CHECKPOINT");
  expect(chain.head.height).toBe(0);
  age = TRUST_PERIOD_MS;
  await chain.waitFor(20, AbortSignal.timeout(20_000));
  expect(sync.trouble).toBeNull();
});

test("an operator's checkpoint, or blocks that were checked before, are enough", async () => {
  const clock = at(10 * TRUST_PERIOD_MS);
  const chain = await world.openAt("me", 0);
  expect(distrust({ chain, clock }, null)).not.toBeNull();
  expect(distrust({ chain, clock }, named(12))).toBeNull();
  await chain.commitFinal(blocks.slice(0, 1));
  expect(distrust({ chain, clock }, null)).toBeNull();
});

test("a ledger that contradicts the checkpoint ends the node, when it gets there and ever after", async () => {
  const chain = await world.openAt("me", 5);
  const fatal: unknown[] = [];
  const onFatal = (error: unknown) => fatal.push(error);
  const stop = await holdToCheckpoint({ chain, onFatal }, other);
  await holdToCheckpoint({ chain, onFatal }, named(14));
  await chain.commitFinal(blocks);
  expect(fatal).toMatchObject([{ code: "CHECKPOINT_CONTRADICTED", detail: { height: 12 } }]);
  stop();
  await expect(holdToCheckpoint({ chain, onFatal }, other)).rejects.toMatchObject({
    code: "CHECKPOINT_CONTRADICTED",
  });
});
