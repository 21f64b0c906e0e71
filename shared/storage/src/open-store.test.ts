import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BlockHash, type ChainId, utf8 } from "@meshwork/foundation";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openAnchorStore, openObjectStore, within } from "./open-store.ts";
import { parseAnchorPlace, parseObjectPlace } from "./place.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-place-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("what a place is opened as", () => {
  test("a folder: two processes share its objects", async () => {
    const place = within(parseObjectPlace(folder), "objects");
    const [one, other] = [await open(place), await open(place)];
    const id = await one.put(utf8("content"));
    expect(await other.get(id)).toEqual(utf8("content"));
    one.close();
    other.close();
  });

  test("a folder of anchors", async () => {
    const store = await openAnchorStore(parseAnchorPlace(folder), {
      chain: "c".repeat(64) as ChainId,
    });
    const anchor = { height: 1, hash: "a".repeat(64) as BlockHash };
    await store.append(anchor);
    expect(await store.at(1)).toEqual(anchor);
    await store.close();
  });

  test("a folder in a bucket is a prefix", () => {
    const at = (address: string) => within(parseObjectPlace(address), "chunks");
    expect(at("s3://ledger")).toEqual({ kind: "bucket", bucket: "ledger", prefix: "chunks" });
    expect(at("s3://ledger/a/")).toEqual({ kind: "bucket", bucket: "ledger", prefix: "a/chunks" });
  });
});

const open = (place: Parameters<typeof openObjectStore>[0]) =>
  openObjectStore(place, { maxObjectBytes: 100 });
