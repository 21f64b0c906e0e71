import { randomBytes } from "node:crypto";
import { sha256Hex } from "@meshwork/crypto";
import { type FileId, limits } from "@meshwork/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { defineTask } from "./client/define-task.ts";
import type { FileSink, FileSource } from "./client/files.ts";
import { doubling, startWorld, type World } from "./testing/world.ts";

const MiB = limits.fileChunkBytes;
const content = randomBytes(3 * MiB + 7);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

function sourceOf(bytes: Uint8Array): FileSource & { largest: number } {
  return {
    largest: 0,
    sizeBytes: bytes.length,
    async read(offset, length) {
      this.largest = Math.max(this.largest, length);
      return bytes.subarray(offset, offset + length);
    },
  };
}

function sinkOf(bytes: Uint8Array): FileSink & { written: number[] } {
  const written: number[] = [];
  return {
    written,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
    async write(offset, chunk) {
      written.push(offset);
      bytes.set(chunk, offset);
    },
  };
}

describe("a file", () => {
  test("goes up and comes back chunk by chunk, and is the input of an order", async () => {
    const { mesh } = world.requester;
    const source = sourceOf(content);
    const file = await mesh.putFile(source);
    expect(source.largest).toBe(MiB);
    const back = new Uint8Array(content.length);
    await mesh.getFile(file.contentId, sinkOf(back));
    expect(Buffer.compare(back, content)).toBe(0);
    await mesh.submit(doubling, file);
    const { contract, objects } = world.gateway.placed.at(-1) ?? {};
    expect(contract?.inputs).toEqual([{ contentId: file.contentId, sizeBytes: content.length }]);
    expect(objects?.[1]).toBeNull();
  });

  test("is not sent twice, and what is there of a download is not fetched again", async () => {
    const { mesh } = world.requester;
    const again: number[] = [];
    const { contentId } = await mesh.putFile(sourceOf(content), {
      onProgress: (done) => again.push(done),
    });
    expect(again).toEqual([content.length]);
    const half = new Uint8Array(content);
    half.fill(0, MiB, MiB + 1);
    const sink = sinkOf(half);
    await mesh.getFile(contentId, sink);
    expect(sink.written).toEqual([MiB]);
    expect(Buffer.compare(half, content)).toBe(0);
  });

  test("is what an input of more than a chunk becomes by itself", async () => {
    const bytes = defineTask({
      ...{ runtime: "wasi-cmd-v1", program: "", input: z.instanceof(Uint8Array), output: z.any() },
    });
    for (const size of [MiB, MiB + 1]) {
      await world.requester.mesh.submit(bytes, new Uint8Array(size));
      const { contract, objects } = world.gateway.placed.at(-1) ?? {};
      expect(contract?.inputs[0]?.contentId).toMatch(size > MiB ? /^bafybei/ : /^bafkrei/);
      expect(objects?.[1] === null).toBe(size > MiB);
    }
  });

  test("is its account's alone", async () => {
    const { contentId } = await world.requester.mesh.putFile(sourceOf(content));
    await expect(world.stranger.mesh.file(contentId)).rejects.toMatchObject({
      code: "FILE_UNKNOWN",
    });
    expect((await world.get(`/files/${contentId}/0`)).status).toBe(401);
  });

  test("of one chunk is none, and nothing is sent of it", async () => {
    await expect(world.requester.mesh.putFile(sourceOf(new Uint8Array(MiB)))).rejects.toMatchObject(
      {
        code: "TASK_INPUT_INVALID",
      },
    );
  });

  test("is named by an id and numbers, or refused", async () => {
    const id = `bafybei${"a".repeat(52)}` as FileId;
    for (const path of ["/files/x", `/files/${id}/-1`, `/files/${id}/1e3`, "/files/..%2fx/0"])
      expect((await world.requester.get(path)).code, path).toBe("INPUT_INVALID");
    expect((await world.requester.get(`/files/${id}/0`)).code).toBe("FILE_UNKNOWN");
  });

  test("that a server changes on the way is never handed on", async () => {
    const { mesh } = world.requester;
    const { contentId } = await mesh.putFile(sourceOf(content));
    const file = { account: world.requester.account, id: contentId };
    const kept = world.gateway.files.chunk.bind(world.gateway.files);
    world.gateway.files.chunk = async (...args) => {
      const chunk = new Uint8Array(await kept(...args));
      chunk[5] = (chunk[5] ?? 0) ^ 1;
      return chunk;
    };
    try {
      expect(sha256Hex(await world.gateway.files.chunk(file, 0))).not.toBe(
        sha256Hex(await kept(file, 0)),
      );
      const sink = sinkOf(new Uint8Array(content.length));
      await expect(mesh.getFile(contentId, sink)).rejects.toMatchObject({
        code: "RESULT_HASH_MISMATCH",
      });
      expect(sink.written).toEqual([]);
    } finally {
      world.gateway.files.chunk = kept;
    }
  });
});
