import { utf8 } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { CHUNK_SEAL_BYTES, openChunk, sealChunk } from "./seal-chunk.ts";

const place = { key: new Uint8Array(32).fill(7), file: "bafybei-a", index: 3 };
const chunk = utf8("what stands in the chunk");
const sealed = sealChunk(place, chunk);

test("a chunk is opened at its place, and always has the same sealed bytes", () => {
  expect(openChunk(place, sealed)).toEqual(chunk);
  expect(sealed.length).toBe(chunk.length + CHUNK_SEAL_BYTES);
  expect(sealChunk(place, chunk)).toEqual(sealed);
});

test("nowhere else: not at another number, in another file, with another key, or cut short", () => {
  expect(openChunk({ ...place, index: 4 }, sealed)).toBeNull();
  expect(openChunk({ ...place, file: "bafybei-b" }, sealed)).toBeNull();
  expect(openChunk({ ...place, key: new Uint8Array(32) }, sealed)).toBeNull();
  for (let length = 0; length < sealed.length; length++)
    expect(openChunk(place, sealed.subarray(0, length))).toBeNull();
});

test("no bit of it can be changed", () => {
  for (let at = 0; at < sealed.length; at++) {
    const changed = sealed.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(openChunk(place, changed)).toBeNull();
  }
});
