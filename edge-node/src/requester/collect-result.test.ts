import { sealBytes, sha256Hex } from "@meshwork/crypto";
import {
  type ContentId,
  type Digest,
  fromHex,
  type NodeId,
  type OrderId,
  utf8,
} from "@meshwork/foundation";
import { silentLog } from "@meshwork/observability";
import { contentIdOf } from "@meshwork/storage";
import { expect, test } from "vitest";
import { createResultCollector } from "./collect-result.ts";

const orderId = "ab".repeat(32) as OrderId;
const worker = "worker" as NodeId;
const outputKey = "0e".repeat(32) as Digest;
const output = utf8("for the requester's eyes alone");
const sealed = sealBytes(fromHex(outputKey), output);

function collector() {
  const served = new Map([[contentIdOf(sealed), sealed]]);
  const kept = new Map<ContentId, Uint8Array>();
  const blobs = {
    fetch: async (id: ContentId) => served.get(id) ?? Promise.reject(new Error("nobody has it")),
    put: async (bytes: Uint8Array) => {
      served.set(contentIdOf(bytes), bytes);
      return contentIdOf(bytes);
    },
  };
  const results = {
    get: async (id: ContentId) => kept.get(id) ?? null,
    put: async (bytes: Uint8Array) => {
      kept.set(contentIdOf(bytes), bytes);
      return contentIdOf(bytes);
    },
  };
  const { signal } = new AbortController();
  const made = createResultCollector({ blobs, results, log: silentLog }, signal);
  return { made, served, kept };
}

test("a result is kept in plaintext, but not among what anybody may fetch by its address", async () => {
  const { made, served, kept } = collector();
  await made.deliver(orderId, { worker, sealedOutput: contentIdOf(sealed), outputKey });
  expect(made.unverified(orderId)).toEqual({ worker, resultHash: sha256Hex(output) });
  expect(kept.get(contentIdOf(output))).toEqual(new Uint8Array(output));
  expect([...served.keys()]).toEqual([contentIdOf(sealed)]);
});

test("a result that its key does not open, or that nobody has, is none", async () => {
  const { made, kept } = collector();
  const wrong = "0f".repeat(32) as Digest;
  await made.deliver(orderId, { worker, sealedOutput: contentIdOf(sealed), outputKey: wrong });
  await made.deliver(orderId, { worker, sealedOutput: contentIdOf(output), outputKey });
  expect(made.unverified(orderId)).toBeNull();
  expect(kept.size).toBe(0);
});
