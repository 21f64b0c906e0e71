import { Command } from "commander";
import { CliError } from "../cli-error.ts";
import { writeNew } from "../files.ts";
import { readTask, type TaskFiles, withTaskFiles } from "../guest-kit/read-task.ts";
import { type LocalRun, runLocally } from "../guest-kit/run-locally.ts";
import { outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";

interface RunOptions extends TaskFiles {
  local?: boolean;
  output?: string;
}

export function runCommand(streams: Streams): Command {
  return withTaskFiles(new Command("run"))
    .description("run a task here, in the workers' own sandbox: the same result, trace and fuel")
    .option(
      "--local",
      "on this machine, for nobody else (meshwork task submit runs it on the network)",
    )
    .option("--output <file>", "write the result to a new file")
    .action(async (program: string, options: RunOptions, command: Command) => {
      if (!options.local)
        throw new CliError(
          "USAGE",
          "say --local to run it here; meshwork task submit --watch runs it on the network",
        );
      const output = outputOf(command, streams);
      const run = await runLocally(await readTask(program, options), {
        onStep: (index, of) => output.emit("step", { index, of }),
      });
      await tell(run, options, output);
    });
}

async function tell(run: LocalRun, options: RunOptions, output: Output): Promise<void> {
  const { resultHash, traceRoot, steps, fuel, fault, message } = run;
  output.emit("run", {
    resultHash,
    traceRoot,
    steps,
    fuel,
    fault,
    message,
    outputFile: options.output,
  });
  output.note(`result     ${resultHash}`);
  output.note(`trace      ${traceRoot}, of ${steps} ${steps === 1 ? "step" : "steps"}`);
  output.note(`fuel       ${fuel}`);
  if (fault !== null)
    throw new CliError("TASK_FAILED", `the program ended in ${fault}: ${message}`, {
      detail: { fault },
    });
  if (options.output !== undefined) await writeNew(options.output, run.output);
  else output.say(new TextDecoder().decode(run.output));
}
