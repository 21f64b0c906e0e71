import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Digest, OrderId } from "@meshwork/foundation";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { honestProgram } from "../committee/testing/honest-program.ts";
import { type RunSoFar, runTask } from "../runtime/run-task.ts";
import { openCheckpoints } from "./checkpoints.ts";

const of = { orderId: "ab".repeat(32) as OrderId, contractHash: "cd".repeat(32) as Digest };

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-checkpoints-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A program of eight steps that counts those that it runs; and how far a run was after some. */
async function runTo(steps: number) {
  const program = honestProgram(8);
  const ran: number[] = [];
  const counting = {
    steps: program.steps,
    runSegment: async (segment: Parameters<typeof program.runSegment>[0]) => {
      ran.push(segment.index);
      return program.runSegment(segment);
    },
  };
  let soFar: RunSoFar | null = null;
  const whole = await runTask(counting, {
    onStep({ index, soFar: take }) {
      if (index + 1 === steps) soFar = take();
    },
  });
  ran.length = 0;
  return { counting, ran, whole, soFar: soFar as unknown as RunSoFar };
}

describe("a run that was cut off", () => {
  test.each([1, 4, 8])(
    "goes on after step %i, and comes out the same to the last leaf",
    async (steps) => {
      const { counting, ran, whole, soFar } = await runTo(steps);
      const checkpoints = await openCheckpoints(folder);
      await checkpoints.keep(of, soFar);
      const from = await (await openCheckpoints(folder)).read(of);
      expect(await runTask(counting, {}, from)).toEqual(whole);
      expect(ran).toEqual([0, 1, 2, 3, 4, 5, 6, 7].slice(steps));
    },
  );
});

describe("a checkpoint", () => {
  test("is none for another contract, and none after any of its bytes was damaged", async () => {
    const { soFar } = await runTo(4);
    const checkpoints = await openCheckpoints(folder);
    await checkpoints.keep(of, soFar);
    const other = { ...of, contractHash: "ef".repeat(32) as Digest };
    expect(await checkpoints.read(other)).toBeNull();
    const [name = ""] = await readdir(folder);
    const path = join(folder, name);
    const bytes = new Uint8Array(await readFile(path));
    for (let at = 0; at < bytes.length; at += 13) {
      await writeFile(path, bytes.with(at, (bytes[at] as number) ^ 0x10));
      expect(await checkpoints.read(of), `byte ${at}`).toBeNull();
    }
    await writeFile(path, bytes);
    expect(await checkpoints.read(of)).toEqual(soFar);
  });

  test("is its owner's alone, and goes when its order is over", async () => {
    const { soFar } = await runTo(2);
    const checkpoints = await openCheckpoints(folder);
    await checkpoints.keep(of, soFar);
    const [name = ""] = await readdir(folder);
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    await writeFile(join(folder, "half.checkpoint.new"), "half");
    await checkpoints.sweep(() => false);
    expect(await readdir(folder)).toEqual([name]);
    await checkpoints.sweep(() => true);
    expect(await readdir(folder)).toEqual([]);
    await checkpoints.forget(of.orderId);
    expect(await checkpoints.read(of)).toBeNull();
  });
});
