import { execFileSync } from "node:child_process";
import { mkdtemp, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openRecordLog } from "../voting/record-log.ts";
import { openChain } from "./chain.ts";
import { createDiskSpace, type DiskSpace } from "./disk-space.ts";

/**
 * A disk that is really full: a tmpfs of one megabyte. Only root may mount one, on Linux; elsewhere these
 * tests fail with the words of `mount`, for a promise about full disks that was not tried is none.
 */
let disk: string;
beforeAll(async () => {
  disk = await mkdtemp(join(tmpdir(), "meshwork-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", disk]);
});
afterAll(async () => {
  execFileSync("umount", [disk]);
  await rm(disk, { recursive: true });
});

let space: DiskSpace;
const said: unknown[] = [];
beforeEach(() => {
  said.length = 0;
  const log = { ...silentLog, error: (_: string, fields?: object) => said.push(fields) };
  // Twenty times as fast.
  const clock = {
    ...systemClock,
    setTimer: (delayMs: number, callback: () => void) =>
      systemClock.setTimer(delayMs / 20, callback),
  };
  space = createDiskSpace({ clock, log: { ...log, child: () => log } as never });
});
afterEach(async () => {
  space.stop();
  await makeRoom();
});

const ballast = () => join(disk, "ballast");
const makeRoom = () => rm(ballast(), { force: true });
async function fill(): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(ballast(), Buffer.alloc(bavail * bsize, 1));
}
const becomesFull = () => expect.poll(() => space.trouble?.code).toBe("DISK_FULL");

describe("a log of votes on a full disk", () => {
  test("says so, resolves nothing, and goes on with all that it was given when there is room", async () => {
    const path = join(disk, "votes.log");
    const { log } = await openRecordLog(path, space);
    await log.append(Buffer.from("before"));
    await fill();
    const done: string[] = [];
    const append = (text: string, bytes = 20_000) =>
      log.append(Buffer.concat([Buffer.from(text), Buffer.alloc(bytes, 7)])).then(() => {
        done.push(text);
      });
    const first = append("first");
    await becomesFull();
    const second = append("second");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(done).toEqual([]);
    expect(said).toMatchObject([{ error: { code: "DISK_FULL", detail: { what: path } } }]);
    await makeRoom();
    await Promise.all([first, second]);
    expect(space.trouble).toBeNull();
    await log.close();
    const { records, log: again } = await openRecordLog(path);
    await again.close();
    expect(
      records.map((record) => Buffer.from(record).toString().replaceAll("\u0007", "")),
    ).toEqual(["before", "first", "second"]);
  });

  test("that ends while it waits has lost nothing that it had promised", async () => {
    const path = join(disk, "other.log");
    const { log } = await openRecordLog(path, space);
    await log.append(Buffer.from("kept"));
    await fill();
    const lost = log.append(Buffer.alloc(20_000, 7));
    const refusal = expect(lost).rejects.toMatchObject({ code: "LOG_WRITE_FAILED" });
    await becomesFull();
    space.stop();
    await refusal;
    await log.close();
    const { records, log: again } = await openRecordLog(path);
    await again.close();
    expect(records.map((record) => Buffer.from(record).toString())).toEqual(["kept"]);
  });

  test("does without a shorter file until there is room for one", async () => {
    const path = join(disk, "long.log");
    const { log } = await openRecordLog(path, space);
    await log.append(Buffer.alloc(50_000, 1));
    await fill();
    await log.rewrite([Buffer.alloc(40_000, 2)]);
    expect(log.sizeBytes).toBeGreaterThan(50_000);
    await makeRoom();
    await log.rewrite([Buffer.alloc(40_000, 2)]);
    expect(log.sizeBytes).toBeLessThan(50_000);
    await log.close();
  });
});

describe("a chain on a full disk", () => {
  test("keeps its head, says why, and takes the block when there is room", async () => {
    const network = new TestNetwork();
    while (network.blocks.length < 6) network.step({ view: 1 });
    const { genesis, blocks } = network;
    const folder = join(disk, "chain");
    const chain = await openChain({ folder, genesis, log: silentLog, space });
    await chain.commitFinal(blocks.slice(0, 2));
    await fill();
    const heights: number[] = [];
    chain.onCommit(({ height }) => heights.push(height));
    const taken = chain.commitFinal(blocks);
    await becomesFull();
    expect([chain.head.height, heights]).toEqual([2, []]);
    await makeRoom();
    await taken;
    expect(chain.head.height).toBe(blocks.length);
    expect(await chain.blockAt(6)).toEqual(blocks[5]);
    await chain.close();
    const again = await openChain({ folder, genesis, log: silentLog });
    expect(again.head.hash).toBe(chain.head.hash);
    await again.close();
  });

  test("is not called corrupt when it cannot be opened there", async () => {
    const { genesis } = new TestNetwork();
    await fill();
    const opened = openChain({ folder: join(disk, "new"), genesis, log: silentLog });
    await expect(opened).rejects.toMatchObject({ code: "STORE_WRITE_FAILED" });
  });
});
