import { createHash } from "node:crypto";
import { loadJsEngine } from "../../edge-node/src/runtime/js-engine.ts";
import { compile } from "../../edge-node/src/runtime/metered-instance.ts";
import { openTask } from "../../edge-node/src/runtime/open-task.ts";
import type { SegmentOutcome } from "../../edge-node/src/runtime/runtime.ts";
import { type NamedTask, readTasks } from "./task-file.ts";

/**
 * `node run-tasks.ts FILE` runs the first step of every task of a file, and prints a line for each: its name, how it
 * ended, its fuel, and what it left. `--raw` adds what a random module leaves when it is not metered.
 * `differential.test.ts` runs it under several Nodes and compilers.
 */
const [, , file = "", flag] = process.argv;
const engine = compile(loadJsEngine());
const first = { index: 0, preState: new Uint8Array(0), fuelBefore: 0n, outputBefore: 0 };
const hashOf = (content: string | Uint8Array) =>
  createHash("sha256").update(content).digest("hex").slice(0, 16);

for (const { name, task } of readTasks(file)) {
  const outcome = openTask(task, engine).runSegment(first);
  const isRandom = flag === "--raw" && name.startsWith("module ");
  const raw = isRandom && outcome.kind === "done" ? ` raw=${rawOutput(task)}` : "";
  process.stdout.write(`${name}: ${describe(outcome)}${raw}\n`);
}

function describe(outcome: SegmentOutcome): string {
  if (outcome.kind === "fault")
    return `${outcome.code} fuel=${outcome.fuel} message=${hashOf(outcome.message)}`;
  const { fuel, postState, output } = outcome;
  return `done fuel=${fuel} state=${hashOf(postState)} output=${hashOf(output)}`;
}

/** Only for a program that came to its end under fuel, since nothing else would stop it. */
function rawOutput({ program, limits }: NamedTask["task"]): string {
  let output = "none";
  const write = (at: number, length: number) => {
    const { buffer } = instance.exports.memory as WebAssembly.Memory;
    output = hashOf(new Uint8Array(buffer, at, Math.min(length, limits.outputBytes)));
  };
  const module = new WebAssembly.Module(program.bytes);
  const instance = new WebAssembly.Instance(module, { task: { output_write: write } });
  (instance.exports.step as (index: number) => void)(0);
  return output;
}
