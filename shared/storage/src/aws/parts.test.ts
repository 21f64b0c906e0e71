import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { contentIdOf } from "../content-id.ts";
import { checksumOf, checksumOfContent } from "./checksum.ts";
import { type Part, partsOf, partsOfStream } from "./parts.ts";

async function* streamOf(chunks: Uint8Array[]) {
  yield* chunks;
}

async function collected(parts: AsyncIterable<Part>): Promise<Part[]> {
  const all: Part[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

describe("parts", () => {
  test("of a stream are those of its bytes, however it is chunked", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 30 })),
        fc.integer({ min: 1, max: 20 }),
        async (chunks, partBytes) => {
          const bytes = new Uint8Array(Buffer.concat(chunks));
          const expected = { id: contentIdOf(bytes), maxObjectBytes: 1_000, partBytes };
          const parts = await collected(partsOfStream(streamOf(chunks), expected));
          const whole = partsOf(bytes, partBytes);
          // An empty stream is one empty part, and empty bytes are put as they are.
          expect(parts).toEqual(whole.length === 0 ? [partOf(bytes)] : whole);
        },
      ),
    );
  });

  test("of a stream that is not the announced content end in an error, after the last", async () => {
    const id = contentIdOf(new Uint8Array([1, 2, 3]));
    const stream = partsOfStream(streamOf([new Uint8Array([1, 2, 4])]), {
      id,
      maxObjectBytes: 10,
      partBytes: 2,
    });
    expect((await stream.next()).value?.number).toBe(1);
    expect((await stream.next()).value?.number).toBe(2);
    await expect(stream.next()).rejects.toMatchObject({ code: "OBJECT_DAMAGED" });
  });

  test("stop at the bound", async () => {
    const bytes = new Uint8Array(11);
    const expected = { id: contentIdOf(bytes), maxObjectBytes: 10, partBytes: 20 };
    await expect(collected(partsOfStream(streamOf([bytes]), expected))).rejects.toMatchObject({
      code: "OBJECT_TOO_LARGE",
    });
  });
});

test("a content id is S3's checksum of the content", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  expect(checksumOfContent(contentIdOf(bytes))).toBe(checksumOf(bytes));
});

const partOf = (bytes: Uint8Array): Part => ({ number: 1, bytes, checksum: checksumOf(bytes) });
