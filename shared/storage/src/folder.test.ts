import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, utf8 } from "@meshwork/foundation";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFolderStore } from "./folder.ts";
import { namesIn, objectStoreContract } from "./testing/contract.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-folder-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (maxTotalBytes = 10_000) =>
  openFolderStore({ folder, maxTotalBytes, maxObjectBytes: 1_000 });

async function shared(clock = systemClock) {
  const bounds = { maxTotalBytes: 10_000, maxObjectBytes: 1_000 };
  await openFolderStore({ folder, ...bounds, shared: true, clock });
  return { folder };
}

describe("the folder driver", () => {
  objectStoreContract(async () => ({
    store: await open(),
    maxObjectBytes: 1_000,
    damage: (id, bytes) => writeFile(join(folder, id.slice(-3, -1), id), bytes),
    reopen: () => open(),
  }));

  test("never holds more than its bound, however many puts come at once, and counts again when opened", async () => {
    const store = await open(1_000);
    const results = await Promise.allSettled(
      Array.from({ length: 30 }, (_, i) => store.put(new Uint8Array(100).fill(i))),
    );
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(10);
    const refused = results.find((result) => result.status === "rejected");
    expect(refused?.reason).toMatchObject({ code: "STORE_FULL" });
    const again = await open(1_000);
    await expect(again.put(utf8("one more"))).rejects.toMatchObject({ code: "STORE_FULL" });
    for await (const id of again.list()) {
      await again.delete(id);
      break;
    }
    await again.put(utf8("one more"));
  });

  test("a shared folder lets another process finish, and only removes what was abandoned", async () => {
    const { folder } = await shared();
    await writeFile(join(folder, "unfinished", "under-way"), "half an object");
    await shared();
    expect(await readdir(join(folder, "unfinished"))).toEqual(["under-way"]);
    await shared({ ...systemClock, now: () => systemClock.now() + 2 * 3_600_000 });
    expect(await readdir(join(folder, "unfinished"))).toEqual([]);
  });

  test("what a crash left unfinished is gone after opening", async () => {
    await open();
    await writeFile(join(folder, "unfinished", "half"), "half an object");
    const store = await open();
    expect(await readdir(join(folder, "unfinished"))).toEqual([]);
    expect(await namesIn(store)).toEqual([]);
  });
});
