import { limits } from "@meshwork/foundation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FUEL_PER_CHUNK, InputReader } from "./input-reader.ts";
import type { InputFile } from "./runtime.ts";

const MiB = limits.fileChunkBytes;
const content = Uint8Array.from({ length: 12 * MiB + 77 }, (_, i) => (i * 7 + (i >>> 8)) & 255);

function countingFile(): InputFile & { asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    sizeBytes: content.length,
    chunk(index) {
      asked.push(index);
      return content.subarray(index * MiB, (index + 1) * MiB);
    },
  };
}

const NEAR_EDGES = fc.tuple(fc.nat(13), fc.integer({ min: -70, max: 70 }));
const offset = NEAR_EDGES.map(([chunk, by]) => Math.max(0, chunk * MiB + by));

describe("an input in chunks", () => {
  test("reads as the same bytes in memory would, and pays for each chunk that it brings", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(offset, fc.nat(200)), { maxLength: 20 }), (reads) => {
        const file = countingFile();
        let charged = 0n;
        const reader = new InputReader([file, content], (fuel) => {
          charged += fuel;
        });
        for (const [from, length] of reads) {
          const [chunked, plain] = [new Uint8Array(length), new Uint8Array(length)];
          expect(reader.read(0, from, chunked)).toBe(reader.read(1, from, plain));
          expect(Buffer.compare(chunked, plain)).toBe(0);
        }
        expect(charged).toBe(FUEL_PER_CHUNK * BigInt(file.asked.length));
      }),
    );
  });

  test("is brought once when it is read from end to end, in small pieces too", () => {
    const file = countingFile();
    const reader = new InputReader([file], () => {});
    const piece = new Uint8Array(10_007);
    for (let at = 0; at < content.length; at += piece.length) reader.read(0, at, piece);
    expect(file.asked).toEqual(Array.from({ length: 13 }, (_, i) => i));
  });

  test("is held in a few chunks: who reads more places in turn brings them again", () => {
    const file = countingFile();
    const reader = new InputReader([file], () => {});
    const touch = (chunk: number) => reader.read(0, chunk * MiB, new Uint8Array(1));
    for (const chunk of [0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 8, 0, 2]) touch(chunk);
    expect(file.asked).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 2]);
  });
});
