import { Command, Option } from "commander";
import { newTask, type Template, templates } from "../guest-kit/new-task.ts";
import { outputOf } from "../options.ts";
import type { Streams } from "../output.ts";

export function newCommand(streams: Streams): Command {
  return new Command("new")
    .description("write a small task that runs as it is into a new folder")
    .argument("<folder>", "which must not be there yet")
    .addOption(
      new Option("--template <language>", "what it is written in").choices(templates).default("js"),
    )
    .action(async (folder: string, { template }: { template: Template }, command: Command) => {
      const files = await newTask(folder, template);
      const output = outputOf(command, streams);
      output.emit("files", { folder, template, files });
      for (const file of files) output.say(`${folder}/${file}`);
      output.note(`how to run it stands in ${folder}/README.md`);
    });
}
