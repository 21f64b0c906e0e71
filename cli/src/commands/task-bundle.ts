import { Command } from "commander";
import { writeNew } from "../files.ts";
import { readProgram } from "../guest-kit/read-task.ts";
import { collect, outputOf } from "../options.ts";
import type { Streams } from "../output.ts";

export function bundleCommand(streams: Streams): Command {
  return new Command("bundle")
    .description(
      "make what task submit takes: one script of a module, or a command with its arguments",
    )
    .argument("<program>", "a module that exports main, or steps and step; or a command (.wasm)")
    .requiredOption("--output <file>", "a new file")
    .option("--arg <text>", "an argument for a command; may be given several times", collect)
    .action(async (file: string, options: { output: string; arg?: string[] }, command: Command) => {
      const { runtime, bytes } = await readProgram(file, options.arg ?? []);
      await writeNew(options.output, bytes);
      const output = outputOf(command, streams);
      output.emit("bundle", { file: options.output, runtime, sizeBytes: bytes.length });
      output.say(`${options.output}, for ${runtime}, ${bytes.length} bytes`);
    });
}
