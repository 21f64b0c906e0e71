import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { compileAssemblyScript } from "../../../test/examples/compile.ts";
import { run } from "../main.ts";

const folder = mkdtempSync(join(tmpdir(), "meshwork-kit-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const probe = fileURLToPath(
  new URL("../../../edge-node/src/runtime/testing/probe/probe.wasm", import.meta.url),
);

/** What a command line answers in JSON, and how it ends. */
async function task(...args: string[]) {
  let out = "";
  const code = await run(["--json", "task", ...args], {
    out: (text) => {
      out += text;
    },
    err: () => {},
  });
  const told = out
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return { code, told, last: told.at(-1) };
}

describe("a new task", { timeout: 120_000 }, () => {
  test("in TypeScript runs as it is", async () => {
    await task("new", at("words"));
    const { last, code } = await task(
      ...["run", "--local", at("words/task.ts"), "--input", at("words/input.txt")],
      ...["--output", at("words.json")],
    );
    expect({ code, fault: last.fault, steps: last.steps }).toEqual({
      code: 0,
      fault: null,
      steps: 1,
    });
    expect(readFileSync(at("words.json"), "utf8")).toBe('{"longest":"written","words":10}');
  });

  test("in AssemblyScript runs once it is compiled, and is the same under every engine", async () => {
    await task("new", at("sums"), "--template", "assemblyscript");
    const wasm = await compileAssemblyScript(at("sums/assembly/index.ts"));
    writeFileSync(at("sums/task.wasm"), wasm);
    writeFileSync(at("sums/large.bin"), new Uint8Array(10_000).fill(3));
    const files = [at("sums/task.wasm"), "--input", at("sums/large.bin")];
    await task("run", "--local", ...files, "--output", at("sum"));
    expect(readFileSync(at("sum"), "utf8")).toBe("30000");
    const { code, told } = await task("doctor", ...files);
    expect(code).toBe(0);
    expect(told.map(({ kind }) => kind)).toEqual(["check", "check", "check", "check", "healthy"]);
    expect(told[3]).toMatchObject({ where: "3 steps, each alone", difference: null });
  });

  test("in C comes with what builds it", async () => {
    const { last } = await task("new", at("lines"), "--template", "c");
    expect(last.files).toEqual(["Makefile", "README.md", "input.txt", "task.c"]);
    expect(readFileSync(at("lines/README.md"), "utf8")).toContain("# lines");
  });

  test("never goes into a folder that is there", async () => {
    expect(await task("new", folder)).toMatchObject({ code: 78, last: { code: "FILE_EXISTS" } });
  });
});

describe("a task that is run here", { timeout: 120_000 }, () => {
  test("may be a command, with arguments", async () => {
    const args = ["run", "--local", probe, "--arg", "two words", "--output", at("probe.txt")];
    expect((await task(...args)).code).toBe(0);
    expect(readFileSync(at("probe.txt"), "utf8")).toContain("[command][two words]");
  });

  test("may be a command whose arguments are part of it", async () => {
    const bundled = ["bundle", probe, "--arg", "two words", "--output", at("probe.wasm")];
    expect((await task(...bundled)).last).toMatchObject({ runtime: "wasi-cmd-v1" });
    await task("run", "--local", at("probe.wasm"), "--output", at("bundled.txt"));
    expect(readFileSync(at("bundled.txt"), "utf8")).toContain("[command][two words]");
  });

  test("that ends in a fault says why, and ends in 10", async () => {
    expect(await task("run", "--local", probe, "--arg", "fail")).toMatchObject({
      code: 10,
      last: { code: "TASK_FAILED", message: expect.stringContaining("it failed, as asked") },
    });
  });

  test("is bundled from modules, the same from wherever they lie", async () => {
    for (const place of ["a", "b"]) {
      await task("new", at(place));
      writeFileSync(at(`${place}/step.ts`), "export const twice = (n: number): number => 2 * n;");
      writeFileSync(
        at(`${place}/main.ts`),
        'import { twice } from "./step.ts"; export const main = () => twice(21);',
      );
      await task("bundle", at(`${place}/main.ts`), "--output", at(`${place}.js`));
    }
    expect(readFileSync(at("a.js"))).toEqual(readFileSync(at("b.js")));
    await task("run", "--local", at("a.js"), "--output", at("twice"));
    expect(readFileSync(at("twice"), "utf8")).toBe("42");
  });

  test("that is no program is refused with a reason", async () => {
    writeFileSync(at("broken.ts"), 'import "node:fs"; export const main = () => 1;');
    writeFileSync(at("empty.wasm"), Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    for (const [file, code] of [
      ["broken.ts", "PROGRAM_INVALID"],
      ["empty.wasm", "PROGRAM_INVALID"],
      ["words/input.txt", "USAGE"],
    ] as const)
      expect((await task("run", "--local", at(file))).last, file).toMatchObject({ code });
  });
});

test("the doctor shows the first difference when an engine computes something else", async () => {
  // A Node whose byte arrays all claim to hold whatever is looked for: the program seems to hold a zero.
  const lie = "data:text/javascript,Buffer.prototype.includes=()=>true";
  writeFileSync(at("node"), `#!/bin/sh\nexec '${process.execPath}' '--import=${lie}' "$@"\n`);
  chmodSync(at("node"), 0o755);
  writeFileSync(at("one.js"), "function main() { return 1 }");
  const { code, last } = await task("doctor", at("one.js"), "--node", at("node"));
  expect(code).toBe(10);
  expect(last).toMatchObject({
    code: "NOT_DETERMINISTIC",
    message: expect.stringContaining("step 0 writes another output"),
  });
}, 120_000);
