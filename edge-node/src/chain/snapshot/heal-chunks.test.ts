import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { headerHash } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { createSnapshot } from "./create-snapshot.ts";
import { MemorySnapshotStore } from "./testing/memory-store.ts";

const network = new TestNetwork();
const actors = new Actors(network);
actors.until(actors.order(), (task) => task.phase === "running");
const { header, state, lastCommit: certificate } = network;
const head = { height: header.height, hash: headerHash(header), header, certificate, state };
const bounds = { minBytes: 500, maxBytes: 3_000 };

test("what a store says it has is believed, or read and stored again where it is damaged", async () => {
  const store = new MemorySnapshotStore();
  const { manifest } = await createSnapshot(head, store, { bounds });
  const [first, , third] = manifest.chunks;
  if (!first || !third) throw new Error("three chunks, please");
  store.chunks.objects.set(first.content, new Uint8Array(first.sizeBytes));
  store.chunks.objects.set(third.content, new Uint8Array(0));

  const { length } = manifest.chunks;
  expect(await createSnapshot(head, store, { bounds })).toMatchObject({ reused: length });
  await expect(store.chunks.get(first.content)).rejects.toThrow("damaged");

  const checked = await createSnapshot(head, store, { bounds, check: true });
  expect(checked).toMatchObject({ reused: length - 2, manifest });
  for (const { content, sizeBytes } of manifest.chunks)
    expect(await store.chunks.get(content)).toHaveLength(sizeBytes);
});

test("a store that cannot be read is not written over", async () => {
  const store = new MemorySnapshotStore();
  await createSnapshot(head, store, { bounds });
  const before = store.chunks.puts.length;
  store.chunks.get = () => Promise.reject(new Error("no network"));
  await expect(createSnapshot(head, store, { bounds, check: true })).rejects.toThrow("no network");
  expect(store.chunks.puts).toHaveLength(before);
});
