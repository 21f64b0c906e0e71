import { readFileSync, writeFileSync } from "node:fs";
import type { Task } from "../../edge-node/src/runtime/runtime.ts";

/** Tasks in a file, for processes under other Nodes: one JSON object a line. */
export interface NamedTask {
  readonly name: string;
  readonly task: Task;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const bytesOf = (text: string) => new Uint8Array(Buffer.from(text, "base64"));

export function writeTasks(path: string, tasks: readonly NamedTask[]): void {
  const lines = tasks.map(({ name, task: { program, inputs, limits } }) =>
    JSON.stringify({
      name,
      runtime: program.runtime,
      bytes: base64(program.bytes),
      inputs: inputs.map(base64),
      limits: { ...limits, fuel: String(limits.fuel) },
    }),
  );
  writeFileSync(path, lines.join("\n"));
}

export const readTasks = (path: string): NamedTask[] =>
  readFileSync(path, "utf8")
    .split("\n")
    .map((line) => {
      const { name, runtime, bytes, inputs, limits } = JSON.parse(line);
      const program = { runtime, bytes: bytesOf(bytes) };
      const task = { program, inputs: inputs.map(bytesOf), limits };
      return { name, task: { ...task, limits: { ...limits, fuel: BigInt(limits.fuel) } } };
    });
