import { type BlockHash, type ContentId, systemClock, utf8 } from "@meshwork/foundation";
import { expect, test } from "vitest";
import type { Anchor, AnchorStore } from "../anchor-store.ts";
import { contentIdOf } from "../content-id.ts";
import type { ObjectStore } from "../object-store.ts";

/** What a driver's own test brings: a fresh store, and ways to hurt it that only the driver knows. */
export interface ObjectStoreUnderTest {
  store: ObjectStore;
  maxObjectBytes: number;
  /** Replaces the stored bytes behind the store's back. */
  damage(id: ContentId, bytes: Uint8Array): Promise<void>;
  /** Another process opens the same store. */
  reopen(): Promise<ObjectStore>;
}

export interface AnchorStoreUnderTest {
  store: AnchorStore;
  reopen(): Promise<AnchorStore>;
}

/** Every name in the store, sorted. */
export async function namesIn(store: ObjectStore): Promise<ContentId[]> {
  const names: ContentId[] = [];
  for await (const id of store.list()) names.push(id);
  return names.sort();
}

/** One suite for every driver: call it inside a `describe` with a function that opens a fresh store. */
export function objectStoreContract(open: () => Promise<ObjectStoreUnderTest>): void {
  const content = utf8("content");

  test("gives back what was put, after reopening too", async () => {
    const { store, reopen } = await open();
    const id = await store.put(content);
    expect(id).toBe(contentIdOf(content));
    expect(await store.get(id)).toEqual(content);
    expect(await (await reopen()).get(id)).toEqual(content);
  });

  test("an empty object is an object", async () => {
    const { store } = await open();
    const id = await store.put(new Uint8Array(0));
    expect((await store.get(id))?.length).toBe(0);
  });

  test("tells when an object was stored", async () => {
    const { store } = await open();
    const now = systemClock.now();
    const storedAt = await store.storedAt(await store.put(content));
    // A service counts whole seconds, by a clock of its own.
    expect(Math.abs((storedAt ?? 0) - now)).toBeLessThan(60_000);
  });

  test("a missing object is null, not an error", async () => {
    const { store } = await open();
    const id = contentIdOf(content);
    expect(await store.storedAt(id)).toBeNull();
    expect(await store.get(id)).toBeNull();
    expect(await store.has(id)).toBe(false);
    expect(await store.delete(id)).toBe(false);
  });

  test("damaged content is never returned, and putting it again heals it", async () => {
    const { store, damage } = await open();
    const id = await store.put(content);
    for (const wrong of ["CONTENT", "content and more", ""]) {
      await damage(id, utf8(wrong));
      await expect(store.get(id)).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
      await store.put(content);
      expect(await store.get(id)).toEqual(content);
    }
  });

  test("lists what is there, each once, however often and at once it was put", async () => {
    const { store } = await open();
    const objects = Array.from({ length: 20 }, (_, i) => utf8(`object ${i}`));
    const ids = await Promise.all([...objects, ...objects].map((bytes) => store.put(bytes)));
    expect(await namesIn(store)).toEqual([...new Set(ids)].sort());
    const first = ids[0] as ContentId;
    expect(await store.delete(first)).toBe(true);
    expect(await store.has(first)).toBe(false);
    expect(await namesIn(store)).toHaveLength(19);
  });

  test("an object larger than the reader wants is refused", async () => {
    const { store } = await open();
    const id = await store.put(content);
    expect(await store.get(id, { maxBytes: content.length })).toEqual(content);
    await expect(store.get(id, { maxBytes: content.length - 1 })).rejects.toMatchObject({
      code: "OBJECT_TOO_LARGE",
    });
  });

  test("refuses an object above its limit", async () => {
    const { store, maxObjectBytes } = await open();
    await expect(store.put(new Uint8Array(maxObjectBytes + 1))).rejects.toMatchObject({
      code: "OBJECT_TOO_LARGE",
    });
  });
}

export function anchorStoreContract(open: () => Promise<AnchorStoreUnderTest>): void {
  const anchor = (height: number, fill = "a"): Anchor => ({
    height,
    hash: fill.repeat(64) as BlockHash,
  });

  test("keeps each height's anchor for ever, and refuses another one", async () => {
    const { store, reopen } = await open();
    await store.append(anchor(5));
    await store.append(anchor(5));
    await expect(store.append(anchor(5, "b"))).rejects.toMatchObject({ code: "ANCHOR_CONFLICT" });
    await store.close();
    const again = await reopen();
    expect(await again.at(5)).toEqual(anchor(5));
    expect(await again.at(4)).toBeNull();
    await again.close();
  });

  test("the head only rises, to appended anchors, and survives reopening", async () => {
    const { store, reopen } = await open();
    expect(await store.head()).toBeNull();
    expect(await store.compareAndSetHead(null, anchor(1))).toBe(false);
    for (const height of [1, 2, 11]) await store.append(anchor(height));
    expect(await store.compareAndSetHead(null, anchor(2))).toBe(true);
    expect(await store.compareAndSetHead(null, anchor(11))).toBe(false);
    expect(await store.compareAndSetHead(anchor(2), anchor(1))).toBe(false);
    expect(await store.compareAndSetHead(anchor(2), anchor(11, "b"))).toBe(false);
    expect(await store.compareAndSetHead(anchor(2), anchor(11))).toBe(true);
    await store.close();
    const again = await reopen();
    expect(await again.head()).toEqual(anchor(11));
    await again.close();
  });

  test("of writers who move the head at once, one wins", async () => {
    const { store } = await open();
    const heights = [1, 2, 3, 4, 5];
    for (const height of heights) await store.append(anchor(height));
    const moved = await Promise.all(
      heights.map((height) => store.compareAndSetHead(null, anchor(height))),
    );
    expect(moved.filter(Boolean)).toHaveLength(1);
    await store.close();
  });
}
