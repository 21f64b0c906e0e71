import { type FileId, fileId } from "@meshwork/foundation";
import { Command, InvalidArgumentError } from "commander";
import { type ApiOptions, connect, withApiOptions } from "../connect.ts";
import { withSink, withSource } from "../local-file.ts";
import { outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";

/** `meshwork data`: inputs of more than a MiB, which lie with the gateway before and between their orders. */
export function dataCommand(streams: Streams): Command {
  return new Command("data")
    .description("inputs of gigabytes, which lie with the gateway for their orders")
    .addCommand(putCommand(streams))
    .addCommand(getCommand(streams));
}

export function fileIdArgument(text: string): FileId {
  const parsed = fileId.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError("a file's id begins with bafybei and has 59 characters.");
}

function putCommand(streams: Streams): Command {
  return withApiOptions(new Command("put"))
    .description("bring a file to the gateway; what an earlier try has brought is not sent again")
    .argument("<file>", "more than 1 MiB, up to 4 GiB")
    .action(async (path: string, options: ApiOptions, command: Command) => {
      const output = outputOf(command, streams);
      const { meshwork } = await connect(options);
      const file = await withSource(path, (source) =>
        meshwork.putFile(source, { onProgress: progressOf(output) }),
      );
      output.emit("file", { ...file });
      output.say(file.contentId);
    });
}

function getCommand(streams: Streams): Command {
  return withApiOptions(new Command("get"))
    .description("fetch a file of yours back; a try that broke off goes on where it was")
    .argument("<id>", "the file's id", fileIdArgument)
    .requiredOption("--output <file>", "a new file")
    .action(async (id: FileId, options: ApiOptions & { output: string }, command: Command) => {
      const output = outputOf(command, streams);
      const { meshwork } = await connect(options);
      const file = await withSink(options.output, (sink) =>
        meshwork.getFile(id, sink, { onProgress: progressOf(output) }),
      );
      output.emit("file", { ...file, output: options.output });
      output.note(`${options.output}: ${file.sizeBytes} bytes, checked`);
    });
}

/** A line for each tenth of the way. */
export function progressOf(output: Output): (doneBytes: number, sizeBytes: number) => void {
  let told = -1;
  return (doneBytes, sizeBytes) => {
    const tenths = Math.floor((10 * doneBytes) / sizeBytes);
    if (tenths === told) return;
    told = tenths;
    output.note(`${10 * tenths} % of ${Math.ceil(sizeBytes / 2 ** 20)} MiB`);
  };
}
