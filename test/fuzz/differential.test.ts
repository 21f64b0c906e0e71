import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsAttacks } from "../../edge-node/src/runtime/testing/attacks-js.ts";
import { wasmAttacks } from "../../edge-node/src/runtime/testing/attacks-wasm.ts";
import { assemble, jsTask, taskOf, wasmTask } from "../../edge-node/src/runtime/testing/tasks.ts";
import { withArguments } from "../../edge-node/src/runtime/wasi/command-line.ts";
import { examples } from "../examples/compile.ts";
import { nodes } from "./nodes.ts";
import { randomModule } from "./random-module.ts";
import { type NamedTask, writeTasks } from "./task-file.ts";

/** Module number n comes from seed n: a name in a failure is all that is needed to make it again. */
const MODULES = 1_000;
/** V8's baseline compiler alone, its optimising one alone, and both as V8 sees fit. */
const COMPILERS = ["--liftoff-only", "--no-liftoff", "--liftoff"];

const random: NamedTask[] = Array.from({ length: MODULES }, (_, i) => ({
  name: `module ${i + 1}`,
  task: wasmTask(assemble(randomModule(i + 1)), {
    limits: { fuel: 2_000_000n, memoryPages: 3, stackDepth: 4_096, outputBytes: 65_536 },
  }),
}));

const attacks: NamedTask[] = [wasmAttacks, jsAttacks].flatMap((all) =>
  Object.entries(all).flatMap(([kind, rows]) =>
    rows
      .filter(({ task }) => task.program.bytes.length < 1 << 20)
      .map(({ title, task }) => ({ name: `${kind}, ${title}`, task })),
  ),
);

const probe = new Uint8Array(
  readFileSync(new URL("../../edge-node/src/runtime/testing/probe/probe.wasm", import.meta.url)),
);
const file = (name: string) =>
  new Uint8Array(readFileSync(fileURLToPath(new URL(`../examples/${name}`, import.meta.url))));
const real: NamedTask[] = [
  { name: "a command in C", task: taskOf("wasi-cmd-v1", withArguments(probe, ["files"])) },
  {
    name: "mandelbrot",
    task: wasmTask(new Uint8Array(readFileSync(examples.mandelbrot.compiled))),
  },
  {
    name: "lockfile analysis",
    task: jsTask(new TextDecoder().decode(file("lockfile-analysis/program.js")), {
      inputs: [new Uint8Array(readFileSync(new URL("../../package-lock.json", import.meta.url)))],
      limits: { fuel: 20_000_000_000n },
    }),
  },
];

const folder = mkdtempSync(join(tmpdir(), "meshwork-fuzz-"));
const tasks = join(folder, "tasks.jsonl");
beforeAll(() => writeTasks(tasks, [...random, ...attacks, ...real]));
afterAll(() => rmSync(folder, { recursive: true }));

function run(node: string, flags: readonly string[], how = ""): string[] {
  const program = fileURLToPath(new URL("run-tasks.ts", import.meta.url));
  // As much stack as the sandbox's child has.
  const all = ["--no-warnings", "--stack-size=3900", ...flags, program, tasks, how];
  const told = execFileSync(node, all, { encoding: "utf8", maxBuffer: 1 << 26 });
  return told.trimEnd().split("\n");
}

let reference: string[];

describe(`${MODULES} random modules, every attack and three real programs`, () => {
  beforeAll(() => {
    reference = run(process.execPath, []);
  });

  test("are worth comparing: most come to an end, and the others end in every way", () => {
    expect(reference).toHaveLength(MODULES + attacks.length + real.length);
    const ends = Map.groupBy(reference.slice(0, MODULES), (line) => line.split(" ")[2] ?? "");
    expect(ends.get("done")?.length).toBeGreaterThan(MODULES / 2);
    for (const fault of ["TRAP", "OUT_OF_FUEL", "STACK_OVERFLOW"])
      expect(ends.get(fault)?.length, fault).toBeGreaterThan(MODULES / 100);
    expect(new Set(reference.map((line) => line.split(":")[1])).size).toBeGreaterThan(MODULES / 2);
  });

  describe.each([...nodes])("under Node %s", (_version, node) => {
    test.each(COMPILERS)("with %s, end, burn and leave the same to the last bit", (compiler) => {
      expect(run(node, [compiler])).toEqual(reference);
    });
  });

  test("would not, if they were not metered: the two compilers make different NaNs", () => {
    const [baseline, optimised] = ["--liftoff-only", "--no-liftoff"].map((compiler) =>
      run(process.execPath, [compiler], "--raw"),
    );
    expect(baseline).not.toEqual(optimised);
    const metered = (lines = [""]) => lines.map((line) => line.replace(/ raw=.*/, ""));
    expect(metered(baseline)).toEqual(metered(optimised));
  });
});
