import { Command } from "commander";
import { writeNew } from "../files.ts";
import { bundle } from "../guest-kit/bundle.ts";
import { outputOf } from "../options.ts";
import type { Streams } from "../output.ts";

export function bundleCommand(streams: Streams): Command {
  return new Command("bundle")
    .description("turn a TypeScript or JavaScript module into the one script that js-qjs-v1 takes")
    .argument("<module>", "it exports main, or steps and step")
    .requiredOption("--output <file>", "a new file")
    .action(async (file: string, { output }: { output: string }, command: Command) => {
      const script = await bundle(file);
      await writeNew(output, script);
      outputOf(command, streams).emit("bundle", { file: output, sizeBytes: script.length });
      outputOf(command, streams).say(`${output}, ${script.length} bytes`);
    });
}
