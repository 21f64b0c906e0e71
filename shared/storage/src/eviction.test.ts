import { mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ContentId, systemClock } from "@meshwork/foundation";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { contentIdOf } from "./content-id.ts";
import { type FolderStoreOptions, openFolderStore } from "./folder.ts";
import { FolderIndex } from "./folder-index.ts";
import { namesIn } from "./testing/contract.ts";

let folder: string;
let pinned: Set<ContentId>;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-eviction-"));
  pinned = new Set();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (more: Partial<FolderStoreOptions> = {}) =>
  openFolderStore({
    folder,
    maxTotalBytes: 1_000,
    maxObjectBytes: 1_000,
    isPinned: (id) => pinned.has(id),
    ...more,
  });
const object = (fill: number, sizeBytes = 300) => new Uint8Array(sizeBytes).fill(fill);
const [a, b, c, d] = [1, 2, 3, 4].map((fill) => contentIdOf(object(fill))) as [
  ContentId,
  ContentId,
  ContentId,
  ContentId,
];
const pathOf = (id: ContentId) => join(folder, id.slice(-3, -1), id);

describe("a folder that is full", () => {
  test("lets go what was used least recently", async () => {
    const store = await open();
    for (const fill of [1, 2, 3]) await store.put(object(fill));
    await store.get(a);
    await store.put(object(4));
    expect(await namesIn(store)).toEqual([a, c, d].sort());
  });

  test("knows after a restart what was used least recently", async () => {
    const before = await open();
    for (const fill of [1, 2, 3]) await before.put(object(fill));
    const anHourAgo = systemClock.now() / 1_000 - 7_200;
    for (const id of [a, b, c]) await utimes(pathOf(id), anHourAgo, anHourAgo);
    await before.get(a);
    await before.get(c);
    const store = await open();
    await store.put(object(4));
    expect(await namesIn(store)).toEqual([a, c, d].sort());
  });

  test("keeps what is pinned, and refuses what it then has no room for", async () => {
    const store = await open();
    for (const fill of [1, 2, 3]) await store.put(object(fill));
    pinned = new Set([a, b]);
    await store.put(object(4));
    expect(await namesIn(store)).toEqual([a, b, d].sort());
    pinned.add(d);
    await expect(store.put(object(5))).rejects.toMatchObject({ code: "STORE_FULL" });
    expect(await namesIn(store)).toEqual([a, b, d].sort());
    pinned.delete(a);
    await store.put(object(5));
    expect(await store.has(a)).toBe(false);
  });

  test("that was given a lower bound lets go at once, but nothing that is pinned", async () => {
    const before = await open();
    for (const fill of [1, 2, 3]) await before.put(object(fill));
    pinned = new Set([a, b, c]);
    expect(await namesIn(await open({ maxTotalBytes: 600 }))).toHaveLength(3);
    pinned = new Set([a]);
    const names = await namesIn(await open({ maxTotalBytes: 600 }));
    expect(names).toContain(a);
    expect(names).toHaveLength(2);
  });

  test("holds a number of objects too", async () => {
    const store = await open({ maxObjects: 2 });
    for (const fill of [1, 2, 3]) await store.put(object(fill, 1));
    expect(await namesIn(store)).toHaveLength(2);
  });

  test("never grows beyond its bound, however many come and go at once", async () => {
    const store = await open();
    const puts = Array.from({ length: 60 }, (_, i) => store.put(object(i % 20, 100 + (i % 20))));
    const refused = (await Promise.allSettled(puts)).flatMap((put) =>
      put.status === "rejected" ? [put.reason.code] : [],
    );
    expect(new Set(refused)).toEqual(new Set(["STORE_FULL"]));
    const sizes = await Promise.all((await namesIn(store)).map((id) => stat(pathOf(id))));
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(1_000);
    for (const id of await namesIn(store)) expect(await store.get(id)).not.toBeNull();
  });

  test("what is put while it leaves is there", async () => {
    const store = await open();
    for (const fill of [1, 2, 3]) await store.put(object(fill));
    await Promise.all([store.put(object(4)), store.put(object(1))]);
    expect(await store.get(a)).toEqual(object(1));
    expect(await store.get(d)).toEqual(object(4));
  });

  test("a damaged file that has grown is no larger in memory than an object may be", async () => {
    const store = await open();
    await store.put(object(1));
    await writeFile(pathOf(a), object(1, 5_000));
    await expect(store.get(a)).rejects.toMatchObject({ code: "OBJECT_TOO_LARGE" });
    await store.put(object(1));
    expect(await store.get(a)).toEqual(object(1));
  });
});

test("an index never counts more than it may, nor names a pinned object, nor refuses for nothing", () => {
  const names = Array.from({ length: 8 }, (_, i) => contentIdOf(object(i, 1)));
  const step = fc.record({ name: fc.constantFrom(...names), sizeBytes: fc.nat(60) });
  fc.assert(
    fc.property(fc.array(step), fc.subarray(names), (steps, kept) => {
      const [maxTotalBytes, maxObjects] = [100, 5];
      const isPinned = (id: ContentId) => kept.includes(id);
      const index = new FolderIndex({ maxTotalBytes, maxObjects, isPinned });
      const held = () =>
        names.flatMap((id) => (index.sizeOf(id) === undefined ? [] : [index.sizeOf(id) ?? 0]));
      const sum = () => held().reduce((total, sizeBytes) => total + sizeBytes, 0);
      for (const { name, sizeBytes } of steps) {
        const leaving = index.reserve(name, sizeBytes);
        if (leaving === null) {
          const needed = names.filter((id) => id !== name && isPinned(id));
          const bytes = needed.reduce((total, id) => total + (index.sizeOf(id) ?? 0), sizeBytes);
          const objects = needed.filter((id) => index.sizeOf(id) !== undefined).length + 1;
          expect(bytes > maxTotalBytes || objects > maxObjects).toBe(true);
        } else for (const gone of leaving) expect(isPinned(gone)).toBe(false);
        expect(sum()).toBeLessThanOrEqual(maxTotalBytes);
        expect(held().length).toBeLessThanOrEqual(maxObjects);
      }
    }),
  );
});
