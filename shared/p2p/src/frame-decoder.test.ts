import { codeOf, concat } from "@meshwork/foundation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FrameDecoder, frameHead } from "./frame-decoder.ts";

const MAX = 200;
const framed = (frames: readonly Uint8Array[]) =>
  concat(...frames.flatMap((frame) => [frameHead(frame.length), frame]));

/** Cuts `bytes` at the given places, wherever they are. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b)];
  return at.map((start, i) => bytes.subarray(start, at[i + 1] ?? bytes.length));
}

test("frames come out as they went in, however the stream was cut: 2,000 cases", () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: MAX }), { maxLength: 8 }),
      fc.array(fc.nat(2_000), { maxLength: 12 }),
      (frames, places) => {
        const decoder = new FrameDecoder(MAX);
        const out = cut(framed(frames), places).flatMap((chunk) => decoder.push(chunk));
        expect(out.map((frame) => [...frame])).toEqual(frames.map((frame) => [...frame]));
        expect(decoder.unfinished).toBe(false);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("any bytes at all give frames within the bound or one coded refusal: 2,000 cases", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (chunks) => {
      const decoder = new FrameDecoder(MAX);
      try {
        for (const chunk of chunks)
          for (const frame of decoder.push(chunk)) expect(frame.length).toBeLessThanOrEqual(MAX);
      } catch (error) {
        expect(codeOf(error)).toBe("FRAME_TOO_LARGE");
      }
    }),
    { numRuns: 2_000 },
  );
});

test("a length that is too large is refused by its head alone, before anything is kept", () => {
  expect(() => new FrameDecoder(MAX).push(frameHead(MAX + 1))).toThrow(/at most 200 are taken/);
});

test("a stream that ends within a frame is known to be unfinished", () => {
  const decoder = new FrameDecoder(MAX);
  decoder.push(frameHead(3));
  expect(decoder.unfinished).toBe(true);
  expect(decoder.push(Uint8Array.of(1, 2, 3))).toHaveLength(1);
  expect(decoder.unfinished).toBe(false);
});
