import { utf8 } from "@meshwork/foundation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openTask } from "../open-task.ts";
import { assemble, firstSegment, taskOf } from "../testing/tasks.ts";
import { WASI_SIGNATURES } from "./signatures.ts";

/** Numbers that a call may get: likely ones, and the edges of what there is. */
const number = fc.oneof(
  fc.nat(80),
  fc.constantFrom(-1, -2, 1 << 16, (1 << 17) - 4, 1 << 17, 0x7fff_ffff, -0x8000_0000),
  fc.integer(),
);

const call = fc
  .constantFrom(...Object.entries(WASI_SIGNATURES))
  .filter(([name]) => name !== "proc_exit")
  .chain(([name, signature]) => {
    const letters = [...(signature.split(":")[0] ?? "")];
    return fc
      .tuple(...letters.map(() => number))
      .map((values) => ({ name, signature, letters, values }));
  });

test("any calls in any order with any numbers end in a result or a fault, twice the same", () => {
  const type = (letter: string) => (letter === "I" ? "i64" : "i32");
  fc.assert(
    fc.property(fc.array(call, { minLength: 1, maxLength: 8 }), (calls) => {
      const imports = calls.map(
        ({ name, letters }, i) => `(import "wasi_snapshot_preview1" "${name}"
          (func $f${i} (param ${letters.map(type).join(" ")}) (result i32)))`,
      );
      const body = calls.map(({ letters, values }, i) => {
        const given = letters.map((letter, k) => `(${type(letter)}.const ${values[k]})`);
        return `(drop (call $f${i} ${given.join(" ")}))`;
      });
      const module = assemble(`(module ${imports.join(" ")} (memory (export "memory") 2)
        (data (i32.const 0) "out/a\\00\\10\\00\\00\\00\\08in/0\\00\\00\\00\\40\\00\\00\\00\\04")
        (func (export "_start") ${body.join(" ")}))`);
      const options = { inputs: [utf8("input")], limits: { fuel: 20_000_000n } };
      const run = () =>
        openTask(taskOf("wasi-cmd-v1", module, options), null).runSegment(firstSegment);
      const first = run();
      expect(run()).toEqual(first);
      expect(
        first.kind === "done" || ["TRAP", "OUT_OF_FUEL", "OUTPUT_LIMIT"].includes(first.code),
      ).toBe(true);
    }),
    { numRuns: 500 },
  );
});
