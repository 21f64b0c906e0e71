import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Digest, Fuel, OrderId } from "@meshwork/foundation";
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
    comparator: "exact",
  },
  blind: "0b".repeat(32) as Digest,
  dataKey: "0d".repeat(32) as Digest,
  sealed: [],
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
  forgetFinished(
    book,
    {
      task: (orderId) => ({ phase: phases.get(orderId) ?? "running" }),
      onTask: (added) => {
        listener = added;
        return () => {};
      },
    },
    (error) => errors.push(error),
  );
  listener({ orderId: order("b"), phase: "done" } as TaskRecord);
  listener({ orderId: order("c"), phase: "audit" } as TaskRecord);
  expect(book.orders()).toEqual([order("c")]);
  await expect.poll(() => readdir(folder)).toEqual([`${order("c")}.dispatch`]);
  expect(errors).toEqual([]);
});
