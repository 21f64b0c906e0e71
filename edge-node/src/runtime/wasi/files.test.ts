import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assemble } from "../testing/tasks.ts";
import { argumentsOf, withArguments } from "./command-line.ts";
import { OwnFile, resolvePath } from "./files.ts";

describe("a path", () => {
  test("never leaves the root, and is resolved once and for all", () => {
    const name = fc.constantFrom(".", "..", "", "in", "out", "a", "…");
    const paths = fc.array(name, { maxLength: 12 }).map((names) => names.join("/"));
    fc.assert(
      fc.property(paths, (text) => {
        let path: string;
        try {
          path = resolvePath("out", text);
        } catch {
          return; // It wanted to climb out.
        }
        expect(path.split("/")).not.toContain("..");
        expect(path.startsWith("/")).toBe(false);
        expect(resolvePath("", path)).toBe(path);
      }),
    );
    expect(() => resolvePath("out", "../../x")).toThrow();
    expect(() => resolvePath("", "x".repeat(101))).toThrow();
  });
});

describe("a file", () => {
  test("holds what a plain list of bytes would hold, and counts every byte that it has", () => {
    const write = fc.record({ at: fc.nat(200), bytes: fc.uint8Array({ maxLength: 100 }) });
    const resize = fc.record({ size: fc.nat(300) });
    fc.assert(
      fc.property(fc.array(fc.oneof(write, resize), { maxLength: 30 }), (actions) => {
        let counted = 0;
        const file = new OwnFile((bytes) => {
          counted += bytes;
        });
        let model: number[] = [];
        const pad = (size: number) => {
          while (model.length < size) model.push(0);
        };
        for (const action of actions) {
          if ("size" in action) {
            file.resize(action.size);
            model = model.slice(0, action.size);
            pad(action.size);
          } else if (action.bytes.length > 0) {
            file.write(action.at, action.bytes);
            pad(action.at + action.bytes.length);
            model.splice(action.at, action.bytes.length, ...action.bytes);
          }
          expect([...file.content]).toEqual(model);
          expect(counted).toBe(model.length);
        }
      }),
    );
  });
});

describe("a command line", () => {
  const module = assemble('(module (memory (export "memory") 1))');

  test("travels in the program, and takes the place of the one before", () => {
    const texts = fc.array(fc.string({ unit: "grapheme" }).filter((text) => !text.includes("\0")));
    fc.assert(
      fc.property(texts, texts, (before, after) => {
        const given = withArguments(withArguments(module, before), after);
        const read = argumentsOf(given).map((text) => new TextDecoder().decode(text));
        expect(read).toEqual(["command", ...after]);
        expect(WebAssembly.validate(given)).toBe(true);
        expect(withArguments(given, [])).toEqual(module);
      }),
    );
  });
});
