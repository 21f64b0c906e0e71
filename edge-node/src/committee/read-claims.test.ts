import { sealBytes } from "@meshwork/crypto";
import { type ContentId, type Digest, type Fuel, fromHex, type NodeId } from "@meshwork/foundation";
import { silentLog } from "@meshwork/observability";
import {
  closingLeaf,
  encodeTrace,
  NOTHING_HASH,
  type Reveal,
  traceRootOf,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { describe, expect, test } from "vitest";
import { runTask, type TaskRun } from "../runtime/run-task.ts";
import { readClaims } from "./read-claims.ts";
import { honestProgram } from "./testing/honest-program.ts";
import type { Verification } from "./verify-task.ts";

const worker = "worker" as NodeId;
const outputKey = "0e".repeat(32) as Digest;

/** Reads the claim of a worker who shows this run; `before` is what another brought in his name. */
async function read(
  run: TaskRun,
  limits = { fuel: (10n ** 9n) as Fuel },
  before: readonly object[] = [],
) {
  const objects = new Map<ContentId, Uint8Array>();
  const put = (bytes: Uint8Array) => {
    objects.set(contentIdOf(bytes), bytes);
    return contentIdOf(bytes);
  };
  const { resultHash, traceRoot, steps, fuel, fault } = run;
  const sealedOutput = put(sealBytes(fromHex(outputKey), run.output));
  const salt = NOTHING_HASH;
  const shown = { worker, resultHash, traceRoot, steps, fuel, fault, sealedOutput, salt };
  const reveal: Reveal = { ...shown, transcript: null };
  const message = {
    kind: "reveal",
    orderId: "ab".repeat(32),
    attempt: 0,
    reveal,
    outputKey,
    trace: put(encodeTrace(run.leaves)),
  };
  const messages = [...before.map((change) => ({ ...message, ...change })), message] as never[];
  const parts = {
    log: silentLog,
    blobs: {
      fetch: async (id: ContentId) => objects.get(id) ?? Promise.reject(new Error("nobody has it")),
    } as never,
  };
  const verification = {
    task: { order: { gateway: "gateway" } },
    signal: new AbortController().signal,
  } as Verification;
  return readClaims(parts, verification, { shown: new Map([[worker, messages]]), limits });
}

describe("a claim", () => {
  test("that holds together is read, whether the program came to its end or faulted", async () => {
    for (const program of [honestProgram(5), honestProgram(5, { faultAt: 3 })]) {
      const [claim] = await read(await runTask(program));
      expect(claim?.worker).toBe(worker);
    }
  });

  test("for more fuel than its steps used counts as not shown: nobody is paid for it", async () => {
    const run = await runTask(honestProgram(5));
    const fuel = (10n * run.fuel) as Fuel;
    const steps = run.leaves.slice(0, -1);
    const finalState = steps.at(-1)?.post ?? NOTHING_HASH;
    const closing = closingLeaf({ ...run, fuel, finalState, resultBytes: run.output.length });
    const leaves = [...steps, closing];
    expect(await read({ ...run, fuel, leaves, traceRoot: traceRootOf(leaves) })).toEqual([]);
  });

  test("for more fuel than the contract allows counts as not shown, however its steps share it", async () => {
    const run = await runTask(honestProgram(5));
    expect(await read(run, { fuel: run.fuel })).toHaveLength(1);
    expect(await read(run, { fuel: (run.fuel - 1n) as Fuel })).toEqual([]);
  });

  test("is read though others brought it first with a key that opens nothing, or no such trace", async () => {
    const run = await runTask(honestProgram(5));
    const spoilt = [{ outputKey: "0f".repeat(32) }, { trace: contentIdOf(new Uint8Array(1)) }];
    expect(await read(run, undefined, spoilt)).toHaveLength(1);
  });
});
