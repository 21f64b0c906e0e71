import { sealBytes, sha256Hex } from "@meshwork/crypto";
import { type ContentId, type Digest, fromHex, utf8 } from "@meshwork/foundation";
import type { Dispatch, TaskRecord, TraceLeaf } from "@meshwork/protocol";
import { contentIdOf, contentIdOfDigest } from "@meshwork/storage";
import { expect, test } from "vitest";
import type { Blobs } from "../ports.ts";
import { runTask } from "../runtime/run-task.ts";
import { createReplayer } from "./replay.ts";
import { honestProgram } from "./testing/honest-program.ts";

/** The states of an honest run of three steps have 8, 16 and 24 bytes. */
const truth = honestProgram(3);
const STATE_BYTES = 24;

/** As a real sandbox: what no honest run leaves behind is refused, and not run. */
const sandbox = async () => ({
  steps: truth.steps,
  async runSegment(segment: Parameters<typeof truth.runSegment>[0]) {
    if (segment.preState.length > STATE_BYTES) throw new Error("the sandbox ends");
    return truth.runSegment(segment);
  },
  close: async () => {},
});

/** Task data of a contract whose program is any bytes, and a dispatch that leads to it. */
function dispatched(...others: Uint8Array[]) {
  const dataKey = "0d".repeat(32) as Digest;
  const program = utf8("the program");
  const sealed = sealBytes(fromHex(dataKey), program);
  const objects = new Map([sealed, ...others].map((bytes) => [contentIdOf(bytes), bytes]));
  const blobs = {
    async fetch(id: ContentId, { maxBytes }: { maxBytes: number }) {
      const bytes = objects.get(id);
      if (bytes === undefined || bytes.length > maxBytes) throw new Error("too large, or missing");
      return bytes;
    },
  } as Blobs;
  const dispatch = {
    contract: {
      runtime: "wasm-step-v1",
      program: { contentId: contentIdOf(program), sizeBytes: program.length },
      inputs: [],
      limits: { stateBytes: STATE_BYTES },
    },
    dataKey,
    sealed: [{ plain: contentIdOf(program), sealed: contentIdOf(sealed) }],
  } as unknown as Dispatch;
  const task = { order: { gateway: "gateway" }, workers: [] } as unknown as TaskRecord;
  return { blobs, dispatch, task, signal: new AbortController().signal };
}

test("a step behind a state larger than the contract allows is held against the true run", async () => {
  const forged = new Uint8Array(STATE_BYTES + 1);
  const { blobs, ...about } = dispatched(forged);
  const replayer = createReplayer({ blobs, openSandbox: sandbox }, about);

  const { leaves } = await runTask(truth);
  const lie = { ...(leaves[0] as TraceLeaf), post: sha256Hex(forged) };
  expect(contentIdOfDigest(lie.post)).toBe(contentIdOf(forged));
  expect(await replayer.replayStep(1, [lie])).toEqual(leaves[1]);
});

test.each([1, 3])(
  "a program of %i steps that is prepared runs each step once at most",
  async (steps) => {
    const program = honestProgram(steps);
    let runs = 0;
    const counted = async () => ({
      steps,
      async runSegment(segment: Parameters<typeof program.runSegment>[0]) {
        runs++;
        return program.runSegment(segment);
      },
      close: async () => {},
    });
    const { blobs, ...about } = dispatched();
    const replayer = createReplayer({ blobs, openSandbox: counted }, about);
    replayer.prepare();
    await expect.poll(() => runs).toBe(steps === 1 ? 1 : 0);
    const { leaves } = await runTask(program);
    expect(await replayer.replayStep(0, [])).toEqual(leaves[0]);
    expect(runs).toBe(1);
  },
);
