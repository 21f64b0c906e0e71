import { execFileSync } from "node:child_process";
import { cp, mkdir, rename, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { defaultSettings } from "@meshwork/consensus";
import type { TestMember } from "@meshwork/ledger/testing";
import { afterEach, expect, test } from "vitest";
import type { LedgerNode } from "../ledger-node.ts";
import { LedgerWorld } from "../testing/ledger-world.ts";

/** One of four validators keeps its folder on a tmpfs of a few megabytes; only root may mount one: see `disk-space.test`. */
const settings = { ...defaultSettings, baseTimeoutMs: 400, graceMs: 50, tickMs: 50 };

let world: LedgerWorld;
let disk: string;
afterEach(async () => {
  for (const member of world.members) await world.stop(member);
  execFileSync("umount", [disk]);
  await world.end();
  expect(world.fatal).toEqual([]);
});

const ballast = () => join(disk, "ballast");
async function fill(): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(ballast(), Buffer.alloc(bavail * bsize, 1));
}
async function include(node: LedgerNode): Promise<void> {
  expect(await node.mempool.submit(world.registration())).toMatchObject({ kind: "included" });
}

test("a validator whose disk is full votes no more and says why, the others go on, and it comes back by itself", async () => {
  world = await LedgerWorld.create({ settings });
  const [, , , member] = world.validators as [TestMember, TestMember, TestMember, TestMember];
  disk = join(world.folder, member.name);
  await rename(disk, `${disk}.before`);
  await mkdir(disk);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", disk]);
  await cp(`${disk}.before`, disk, { recursive: true });
  const nodes = await world.startAll(world.validators);
  const [first, , , full] = nodes as [LedgerNode, LedgerNode, LedgerNode, LedgerNode];
  await include(first);
  await full.chain.waitFor(1, AbortSignal.timeout(10_000));
  await fill();
  for (let i = 0; i < 4; i++) await include(first);
  await expect.poll(() => full.trouble?.code, { timeout: 10_000 }).toBe("DISK_FULL");
  expect(await full.mempool.accept(world.registration())).toMatchObject({ code: "DISK_FULL" });
  const { height } = full.chain.head;
  await include(first);
  expect(full.chain.head.height).toBe(height);
  await rm(ballast());
  await full.chain.waitFor(first.chain.head.height, AbortSignal.timeout(20_000));
  await expect.poll(() => full.trouble).toBeNull();
  await include(full);
}, 60_000);
