import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Digest,
  type Fuel,
  limits,
  type OrderId,
  systemClock,
  utf8,
} from "@meshwork/foundation";
import type { Dispatch, TaskRecord } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { afterEach, beforeEach, expect, test } from "vitest";
import { forgetFinished, openDispatchBook } from "./dispatch-book.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-dispatches-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const order = (name: string) => name.repeat(64) as OrderId;
const sealedFor = (name: string) => contentIdOf(utf8(name));
const dispatch = (name: string): Dispatch => ({
  kind: "dispatch",
  orderId: order(name),
  contract: {
    runtime: "js-qjs-v1",
    program: { contentId: contentIdOf(new Uint8Array(1)), sizeBytes: 1 },
    inputs: [],
    limits: {
      fuel: 1n as Fuel,
      memoryPages: 1,
      stackDepth: 64,
      steps: 1,
      stateBytes: 0,
      outputBytes: 0,
    },
    comparator: { kind: "exact" },
    outside: null,
    rubric: null,
  },
  blind: "0b".repeat(32) as Digest,
  dataKey: "0d".repeat(32) as Digest,
  sealed: [{ plain: contentIdOf(new Uint8Array(1)), sealed: sealedFor(name) }],
});

test("what was put is there after a restart; what a crash left half-written is not", async () => {
  const book = await openDispatchBook(folder);
  await book.put(dispatch("a"));
  await writeFile(join(folder, `${order("b")}.dispatch`), "half");
  await writeFile(join(folder, `${order("c")}.dispatch.part`), "half");
  const again = await openDispatchBook(folder);
  expect(again.get(order("a"))).toEqual(dispatch("a"));
  expect(again.orders()).toEqual([order("a")]);
  expect(await readdir(folder)).toHaveLength(1);
});

test("the dispatch of a finished order is forgotten, also when it ended while the node was away", async () => {
  const book = await openDispatchBook(folder);
  for (const name of ["a", "b", "c"]) await book.put(dispatch(name));
  const phases = new Map([[order("a"), "done" as const]]);
  let listener: (task: TaskRecord) => void = () => {};
  const errors: unknown[] = [];
  const forgotten: OrderId[] = [];
  const stop = forgetFinished(
    book,
    {
      task: (orderId) => ({ phase: phases.get(orderId) ?? "running" }),
      onTask: (added) => {
        listener = added;
        return () => {};
      },
    },
    {
      clock: systemClock,
      forgotten: (orderId) => forgotten.push(orderId),
      onError: (error) => errors.push(error),
    },
  );
  listener({ orderId: order("b"), phase: "done" } as TaskRecord);
  listener({ orderId: order("c"), phase: "audit" } as TaskRecord);
  expect(book.orders()).toEqual([order("c")]);
  expect(forgotten).toEqual([order("a"), order("b")]);
  await expect.poll(() => readdir(folder)).toEqual([`${order("c")}.dispatch`]);
  expect(errors).toEqual([]);
  stop();
});

test("it names what its orders need here, and no longer when they are forgotten", async () => {
  const book = await openDispatchBook(folder);
  await book.put(dispatch("a"));
  await book.put(dispatch("a"));
  await book.put(dispatch("b"));
  const again = await openDispatchBook(folder);
  for (const known of [book, again]) expect(known.names(sealedFor("a"))).toBe(true);
  await book.delete(order("a"));
  expect([book.names(sealedFor("a")), book.names(sealedFor("b"))]).toEqual([false, true]);
});

test("an order that the ledger refused is forgotten when no block can take it any more", async () => {
  const book = await openDispatchBook(folder);
  await book.put(dispatch("a"));
  const ledger = { task: () => null, onTask: () => () => {} };
  const later = (ms: number) => ({ ...systemClock, now: () => systemClock.now() + ms });
  const sweep = (ms: number) =>
    forgetFinished(book, ledger, { clock: later(ms), forgotten: () => {}, onError: () => {} })();
  sweep(limits.transactionLifetimeMs);
  expect(book.orders()).toEqual([order("a")]);
  sweep(2 * limits.transactionLifetimeMs);
  expect(book.orders()).toEqual([]);
});
