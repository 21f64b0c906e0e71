import type { HostTask } from "@meshwork/edge-node/local-task";
import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { firstDifference, leafDifference } from "../guest-kit/compare-runs.ts";
import { readTask, type TaskFiles, withTaskFiles } from "../guest-kit/read-task.ts";
import { runAlone, runLocally } from "../guest-kit/run-locally.ts";
import { collect, outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";

/** V8's baseline compiler alone, its optimising one alone, and both as it sees fit. */
const COMPILERS = ["--liftoff-only", "--no-liftoff", "--liftoff"];

export function doctorCommand(streams: Streams): Command {
  return withTaskFiles(new Command("doctor"))
    .description(
      "run a task under several engines, and each step alone: is it the same everywhere?",
    )
    .option("--node <path>", "another Node to try; may be given several times", collect)
    .action(async (program: string, options: TaskFiles & { node?: string[] }, command: Command) => {
      const output = outputOf(command, streams);
      const task = await readTask(program, options);
      await examine(task, [process.execPath, ...(options.node ?? [])], output);
    });
}

async function examine(task: HostTask, nodes: readonly string[], output: Output): Promise<void> {
  const first = await runLocally(task);
  const ending = first.fault === null ? "" : `, ending in ${first.fault}: ${first.message}`;
  output.note(`${first.steps} steps, ${first.fuel} fuel${ending}`);
  for (const node of nodes)
    for (const compiler of COMPILERS) {
      const run = await runLocally(task, { engine: { node, flags: [compiler] } });
      judge(`${node} ${compiler}`, firstDifference(first, run), output);
    }
  const alone = await runAlone(task, first.segments);
  const leaves = first.leaves.slice(0, alone.length);
  judge(`${alone.length} steps, each alone`, leafDifference(leaves, alone), output);
  const { resultHash, traceRoot, fuel, steps, fault } = first;
  output.emit("healthy", { resultHash, traceRoot, fuel, steps, fault });
  output.say("deterministic: result, trace and fuel were the same under every engine");
}

/** @throws CliError NOT_DETERMINISTIC with the first difference. */
function judge(where: string, difference: string | null, output: Output): void {
  output.emit("check", { where, difference });
  output.note(`${difference === null ? "same     " : "DIFFERENT"}  ${where}`);
  if (difference === null) return;
  throw new CliError(
    "NOT_DETERMINISTIC",
    `under ${where} it is another task: ${difference}; do not submit it, and report it: the runtime promises that this cannot be`,
    { detail: { where, difference } },
  );
}
