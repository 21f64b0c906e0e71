import { sealBytes } from "@meshwork/crypto";
import {
  type ContentId,
  type Digest,
  fromHex,
  type NodeId,
  systemClock,
  utf8,
} from "@meshwork/foundation";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import type { Dispatch, TaskRecord, TransactionBody } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { expect, test } from "vitest";
import { honestProgram } from "../committee/testing/honest-program.ts";
import { createTaskSecrets } from "../task-secrets.ts";
import { nothingOutside } from "../testing/nothing-outside.ts";
import { createPace } from "./pace.ts";
import { type WorkerParts, work } from "./work.ts";

const network = new TestNetwork({ members: 8 });
const actors = new Actors(network);
const called = actors.until(actors.order(), ({ phase }) => phase === "running");
const me = called.workers[0]?.node as NodeId;
const assignment = { orderId: called.orderId, attempt: 0, role: "worker" } as const;

const program = utf8("the program");
const dataKey = "0d".repeat(32) as Digest;
const sealed = sealBytes(fromHex(dataKey), program);
const dispatch = {
  kind: "dispatch",
  contract: {
    runtime: "wasm-step-v1",
    program: { contentId: contentIdOf(program), sizeBytes: program.length },
    inputs: [],
    limits: { fuel: 1n },
    comparator: { kind: "exact" },
    outside: null,
    rubric: null,
  },
  dataKey,
  sealed: [{ plain: contentIdOf(program), sealed: contentIdOf(sealed) }],
} as unknown as Dispatch;

/** The record as this node sees it, with its place as its own transactions make it. */
function place(task: TaskRecord, change: object): TaskRecord {
  const workers = task.workers.map((one) => (one.node === me ? { ...one, ...change } : one));
  return { ...task, workers };
}

/** What the worker tells the ledger before it waits for the close, or gives up. */
async function toldLedger(
  blobs: Partial<WorkerParts["blobs"]>,
  start: TaskRecord = called,
): Promise<TransactionBody["kind"][]> {
  let task = start;
  const told: TransactionBody["kind"][] = [];
  const waiting = new Error("it waits for the close");
  const parts = {
    me,
    clock: systemClock,
    log: silentLog,
    hasRoom: () => true,
    pace: createPace(),
    outside: nothingOutside,
    checkpoints: { read: async () => null },
    dispatches: { get: () => dispatch },
    secrets: createTaskSecrets(utf8("worker")),
    mail: { send: async () => {} },
    ledger: {
      chainId: network.chainId,
      task: () => task,
      until: async (_: unknown, holds: (record: TaskRecord) => boolean) =>
        holds(task) ? task : Promise.reject(waiting),
      transact: async ({ kind }: TransactionBody) => {
        told.push(kind);
        if (kind === "accept") task = place(task, { state: "accepted" });
        if (kind === "commit") task = place(task, { state: "committed" });
      },
    },
    blobs: {
      put: async (bytes: Uint8Array) => contentIdOf(bytes),
      fetch: async (_: ContentId) => sealed,
      push: async () => {},
      ...blobs,
    },
    openSandbox: async () => ({ ...honestProgram(3), close: async () => {} }),
  } as unknown as WorkerParts;
  await work(parts, assignment, new AbortController().signal).catch((error) => {
    if (error !== waiting) throw error;
  });
  return told;
}

const nobody = () => Promise.reject(new Error("nobody has it"));

test("a worker accepts, and commits to its result", async () => {
  expect(await toldLedger({})).toEqual(["accept", "commit"]);
});

test("no bond is staked for a task whose data is not to be had: it is declined", async () => {
  expect(await toldLedger({ fetch: nobody })).toEqual(["decline"]);
  const garbage = async () => new Uint8Array(sealed.length);
  expect(await toldLedger({ fetch: garbage })).toEqual(["decline"]);
});

test("who had accepted before a restart does not decline, and tries again", async () => {
  const accepted = place(called, { state: "accepted" });
  await expect(toldLedger({ fetch: nobody }, accepted)).rejects.toThrow("nobody has it");
});

test("a gateway that refuses the result, or takes it never, costs the worker nothing", async () => {
  const done = ["accept", "commit"];
  expect(await toldLedger({ push: () => Promise.reject(new Error("unwelcome")) })).toEqual(done);

  const deadlines = { ...called.order.deadlines, runMs: 100 };
  const hurried = { ...called, order: { ...called.order, deadlines } };
  const never: WorkerParts["blobs"]["push"] = (_, __, signal) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  expect(await toldLedger({ push: never }, hurried)).toEqual(done);
});
