import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
import type { TaskMessage, TaskRecord } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Pins } from "../data/pins.ts";
import { openDeliveryBook } from "../mail/delivery-book.ts";
import { ResultCollector } from "./collect-result.ts";

const orderId = "ab".repeat(32) as OrderId;
const [gateway, worker, stranger] = ["gateway", "worker", "stranger"] as NodeId[] as [
  NodeId,
  NodeId,
  NodeId,
];
const outputKey = "0e".repeat(32) as Digest;
const output = utf8("for the requester's eyes alone");
const sealed = sealBytes(fromHex(outputKey), output);
const result = (change: object = {}) =>
  ({
    ...{ kind: "result", orderId, attempt: 0, sealedOutput: contentIdOf(sealed), outputKey },
    ...change,
  }) as TaskMessage;

let folder: string;
let served: Map<ContentId, Uint8Array>;
let kept: Map<ContentId, Uint8Array>;
let task: TaskRecord;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-deliveries-"));
  served = new Map([[contentIdOf(sealed), sealed]]);
  kept = new Map();
  task = { orderId, phase: "running", order: { gateway }, workers: [{ node: worker }] } as never;
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const conclude = (plaintext: Uint8Array) => {
  task = {
    ...task,
    phase: "done",
    conclusion: { result: { resultHash: sha256Hex(plaintext) } },
  } as never;
};

/** The gateway's process, as it is now: called again, it is started again. */
async function start() {
  const deliveries = await openDeliveryBook(folder);
  const pins = new Pins();
  const onNews = vi.fn();
  const collector = new ResultCollector(
    {
      me: gateway,
      ledger: { task: (id) => (id === orderId ? task : null) },
      blobs: { fetch: async (id) => served.get(id) ?? Promise.reject(new Error("nobody has it")) },
      results: {
        get: async (id) => kept.get(id) ?? null,
        has: async (id) => kept.has(id),
        put: async (bytes) => {
          kept.set(contentIdOf(bytes), bytes);
          return contentIdOf(bytes);
        },
      },
      ...{ deliveries, pins, log: silentLog },
    },
    { onNews, signal: new AbortController().signal },
  );
  const settled = (times: number) => expect.poll(() => onNews.mock.calls.length).toBe(times);
  return { collector, deliveries, pins, settled };
}

describe("a result that a worker delivers", () => {
  test("is kept in plaintext, but not among what anybody may fetch by its address", async () => {
    const { collector, pins, settled } = await start();
    await collector.onLetter(worker, result());
    await settled(1);
    expect(collector.unverified(orderId)).toEqual({ worker, resultHash: sha256Hex(output) });
    expect(kept.get(contentIdOf(output))).toEqual(new Uint8Array(output));
    expect([...served.keys()]).toEqual([contentIdOf(sealed)]);
    expect(pins.has(contentIdOf(output))).toBe(true);
  });

  test("is none if its key does not open it, or nobody has it", async () => {
    const { collector, settled } = await start();
    await collector.onLetter(worker, result({ outputKey: "0f".repeat(32) }));
    await settled(1);
    await collector.onLetter(worker, result({ sealedOutput: contentIdOf(output) }));
    await settled(2);
    expect(collector.unverified(orderId)).toBeNull();
    expect(kept.size).toBe(0);
  });

  test("is none of another order's worker, or of another gateway's order", async () => {
    const { collector, deliveries } = await start();
    await collector.onLetter(stranger, result());
    await collector.onLetter(worker, result({ orderId: "cd".repeat(32) }));
    task = { ...task, order: { gateway: stranger } } as never;
    await collector.onLetter(worker, result());
    expect(deliveries.orders()).toEqual([]);
  });
});

describe("a gateway that is killed", () => {
  test("after it told the worker that his letter has come, and before it fetched the result, has it when it is back", async () => {
    served.clear();
    const before = await start();
    await before.collector.onLetter(worker, result());
    await before.settled(1);
    expect(kept.size).toBe(0);

    served.set(contentIdOf(sealed), sealed);
    const { collector, settled } = await start();
    await settled(1);
    expect(collector.unverified(orderId)).toEqual({ worker, resultHash: sha256Hex(output) });
    conclude(output);
    collector.seek(orderId);
    await settled(2);
    expect(kept.has(contentIdOf(output))).toBe(true);
  });

  test("before it told him, learns the key again from what he shows after the close", async () => {
    const { collector, settled } = await start();
    const reveal = { worker, sealedOutput: contentIdOf(sealed) };
    await collector.onLetter(stranger, {
      kind: "reveal",
      orderId,
      attempt: 0,
      reveal,
      outputKey,
    } as never);
    await collector.onLetter(worker, {
      kind: "reveal",
      orderId,
      attempt: 0,
      reveal,
      outputKey,
    } as never);
    await settled(1);
    expect(kept.has(contentIdOf(output))).toBe(true);
  });
});

describe("the keys of results", () => {
  const files = () => readdir(folder);

  test("lie in files of the owner alone, and are forgotten when the concluded result is at hand", async () => {
    const { collector, settled } = await start();
    await collector.onLetter(worker, result());
    const [name = ""] = await files();
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    await settled(1);
    conclude(output);
    collector.seek(orderId);
    await settled(2);
    expect(await files()).toEqual([]);
    await collector.onLetter(worker, result());
    expect(await files()).toEqual([]);
  });

  test("are kept while the concluded result is not at hand, and tried again", async () => {
    served.clear();
    const { collector, settled } = await start();
    await collector.onLetter(worker, result());
    await settled(1);
    conclude(output);
    collector.retry();
    await settled(2);
    expect(await files()).toHaveLength(1);
    served.set(contentIdOf(sealed), sealed);
    collector.retry();
    await settled(3);
    expect(kept.has(contentIdOf(output))).toBe(true);
    expect(await files()).toEqual([]);
  });

  test("that a crash left half-written were never acknowledged, and are removed", async () => {
    const { deliveries } = await start();
    await deliveries.put(orderId, {
      worker,
      attempt: 0,
      sealedOutput: contentIdOf(sealed),
      outputKey,
    });
    const { writeFile } = await import("node:fs/promises");
    await writeFile(join(folder, `${orderId}.other.result`), "half");
    await writeFile(join(folder, `${orderId}.other.result.new`), "half");
    const again = await openDeliveryBook(folder);
    expect(again.of(orderId)).toEqual(deliveries.of(orderId));
    expect(await files()).toEqual([`${orderId}.${worker}.result`]);
  });
});
