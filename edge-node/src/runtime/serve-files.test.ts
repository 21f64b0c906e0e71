import { duplexPair } from "node:stream";
import { expect, test } from "vitest";
import { NOT_THERE } from "./file-requests.ts";
import type { HostFile } from "./runtime.ts";
import type { SandboxError } from "./sandbox-error.ts";
import { serveFiles } from "./serve-files.ts";

const file: HostFile = { sizeBytes: 2 ** 20 + 3, chunk: async () => new Uint8Array([1, 2, 3]) };

function childOf(inputs: readonly (Uint8Array | HostFile)[]) {
  const [near, far] = duplexPair();
  const failures: SandboxError[] = [];
  serveFiles(
    near,
    () => inputs,
    (error) => failures.push(error),
  );
  const answer = async (): Promise<number> => {
    for await (const piece of far) return (piece as Buffer).readUInt32BE(0);
    throw new Error("nothing came");
  };
  return { far, failures, answer };
}

function request(input: number, index: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32BE(input, 0);
  bytes.writeUInt32BE(index, 4);
  return bytes;
}

test("a child gets the chunk that it asks for, though it asks in two pieces", async () => {
  const { far, answer } = childOf([new Uint8Array(5), file]);
  far.write(request(1, 1).subarray(0, 3));
  far.write(request(1, 1).subarray(3));
  expect(await answer()).toBe(3);
});

test.each([
  ["no input", 2, 0],
  ["an input in memory", 0, 0],
  ["a chunk beyond the end", 1, 2],
  ["a chunk without bound", 1, 0xffff_ffff],
])("a child that asks for %s gets nothing", async (_what, input, index) => {
  const { far, answer } = childOf([new Uint8Array(5), file]);
  far.write(request(input, index));
  expect(await answer()).toBe(NOT_THERE);
});

test("a child that asks before it is answered is taken for a liar, and gets no memory of ours", async () => {
  const { far, failures } = childOf([file]);
  far.write(Buffer.concat([request(0, 0), request(0, 1)]));
  await expect.poll(() => failures.map(({ code }) => code)).toEqual(["CHILD_LIES"]);
});
