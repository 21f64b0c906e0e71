import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import { defaultLimits, defineTask } from "./define-task.ts";
import type { Meshwork } from "./meshwork.ts";

const count = defineTask({
  runtime: "js-qjs-v1",
  program: "function main(inputs) {}",
  input: z.object({ text: z.string(), limit: z.int().default(10) }),
  output: z.object({ words: z.int(), at: z.string().transform((text) => new Date(text)) }),
  limits: { steps: 1 },
});

describe("a task's definition", () => {
  test("gives input and output their types, nothing else to write down", () => {
    expectTypeOf<Parameters<typeof count.encodeInput>[0]>().toEqualTypeOf<{
      text: string;
      limit?: number | undefined;
    }>();
    const run = (mesh: Meshwork) => mesh.run(count, { text: "a b" });
    expectTypeOf<Awaited<ReturnType<typeof run>>["output"]>().toEqualTypeOf<{
      words: number;
      at: Date;
    }>();
    // @ts-expect-error a number is no text
    const wrong = (mesh: Meshwork) => mesh.run(count, { text: 1 });
    expectTypeOf(wrong).toBeFunction();
  });

  test("fills in what was left out, in the input and in the limits", () => {
    expect(new TextDecoder().decode(count.encodeInput({ text: "a" }))).toBe(
      '{"text":"a","limit":10}',
    );
    expect(count.limits).toEqual({ ...defaultLimits, steps: 1 });
  });

  test("refuses an input that does not fit, saying where", () => {
    const refusal = expect(() => count.encodeInput({ text: 7 as never }));
    refusal.toThrow(expect.objectContaining({ code: "TASK_INPUT_INVALID" }));
    refusal.toThrow(/at text/);
  });

  test("refuses an input that has no JSON", () => {
    const anything = defineTask({ ...count, input: z.any(), output: z.any() });
    for (const input of [undefined, () => 1, 7n])
      expect(() => anything.encodeInput(input)).toThrow(
        expect.objectContaining({ code: "TASK_INPUT_INVALID" }),
      );
  });

  test("reads the output by its schema, and refuses what is no JSON or does not fit", () => {
    const read = (text: string) => count.decodeOutput(new TextEncoder().encode(text));
    expect(read('{"words":2,"at":"2026-11-20"}')).toEqual({
      words: 2,
      at: new Date("2026-11-20"),
    });
    for (const text of ["", "{", '{"words":"2","at":"x"}', "\ufeff{}"])
      expect(() => read(text)).toThrow(expect.objectContaining({ code: "TASK_OUTPUT_INVALID" }));
  });

  test("leaves bytes as they are, in and out", () => {
    const render = defineTask({
      runtime: "wasm-step-v1",
      program: new Uint8Array([0, 97, 115, 109]),
      input: z.instanceof(Uint8Array),
      output: z.instanceof(Uint8Array),
      outputAs: "bytes",
    });
    const bytes = new Uint8Array([1, 2, 255]);
    expect(render.encodeInput(bytes)).toBe(bytes);
    expect(render.decodeOutput(bytes)).toBe(bytes);
  });
});
