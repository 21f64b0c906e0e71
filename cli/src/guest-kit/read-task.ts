import { extname } from "node:path";
import { defaultLimits } from "@meshwork/api/client";
import {
  type HostFile,
  type HostTask,
  type Program,
  withArguments,
} from "@meshwork/edge-node/local-task";
import { type Fuel, limits } from "@meshwork/foundation";
import type { RuntimeId } from "@meshwork/protocol";
import { type Command, Option } from "commander";
import { CliError } from "../cli-error.ts";
import { readBounded } from "../files.ts";
import { withSource } from "../local-file.ts";
import { amountOption, collect, integer } from "../options.ts";
import { bundle } from "./bundle.ts";

/** A task as its author names it: files instead of content addresses. */
export interface TaskFiles {
  input?: readonly string[];
  arg?: readonly string[];
  fuel: bigint;
  memoryPages: number;
}

/** The same defaults as `meshwork task submit`: they are part of what is computed. */
export const withTaskFiles = (command: Command): Command =>
  command
    .argument(
      "<program>",
      "a module in TypeScript or JavaScript (.ts, .js), or WebAssembly (.wasm)",
    )
    .option("--input <file>", "what the program reads; may be given several times", collect)
    .option("--arg <text>", "an argument for a command; may be given several times", collect)
    .addOption(amountOption("--fuel <n>", "the most that one run may burn", SUBMITTED_FUEL))
    .addOption(
      new Option("--memory-pages <n>", "of 64 KiB that it may have; part of what it costs")
        .argParser(integer(1, limits.memoryPages))
        .default(defaultLimits.memoryPages),
    );

const SUBMITTED_FUEL = 100_000_000_000n;

export async function readTask(file: string, files: TaskFiles): Promise<HostTask> {
  const program = await readProgram(file, files.arg ?? []);
  const inputs = await Promise.all((files.input ?? []).map(readInput));
  const { fuel, memoryPages } = files;
  return {
    program,
    // An order without an input has one that is empty.
    inputs: inputs.length === 0 ? [new Uint8Array(0)] : inputs,
    limits: { ...defaultLimits, fuel: fuel as Fuel, memoryPages },
  };
}

/** More than a chunk is read in pieces, while the task runs: as on the network, and at the same price. */
const readInput = (path: string): Promise<Uint8Array | HostFile> =>
  withSource(path, async ({ sizeBytes, read }) => {
    if (sizeBytes <= limits.fileChunkBytes) return read(0, sizeBytes);
    if (sizeBytes > limits.fileBytes)
      throw new CliError("FILE_UNREADABLE", `${path} has more than ${limits.fileBytes} bytes`);
    return {
      sizeBytes,
      chunk(index) {
        const offset = index * limits.fileChunkBytes;
        const length = Math.min(limits.fileChunkBytes, sizeBytes - offset);
        return withSource(path, (source) => source.read(offset, length));
      },
    };
  });

/** Its ending, and for WebAssembly its exports, say what runs a program. */
export async function readProgram(file: string, texts: readonly string[]): Promise<Program> {
  const bytes = new Uint8Array(await readBounded(file, limits.programBytes));
  const ending = extname(file);
  if (ending === ".wasm") return wasmProgram(file, bytes, texts);
  if (texts.length > 0)
    throw new CliError("USAGE", `${file} is no command: arguments are for wasi-cmd-v1 alone`);
  if (![".ts", ".js", ".mjs"].includes(ending))
    throw new CliError("USAGE", `${file} must end in .ts, .js or .wasm: that says what runs it`);
  // A script without exports is a program already, and is taken as it is: its bytes are its address.
  const isModule =
    ending !== ".js" || /^\s*(?:import|export)\b/m.test(new TextDecoder().decode(bytes));
  return { runtime: "js-qjs-v1", bytes: isModule ? await bundle(file) : bytes };
}

function wasmProgram(
  file: string,
  bytes: Uint8Array<ArrayBuffer>,
  texts: readonly string[],
): Program {
  const runtime = runtimeOf(file, bytes);
  if (runtime === "wasi-cmd-v1")
    return { runtime, bytes: texts.length === 0 ? bytes : withArguments(bytes, texts) };
  if (texts.length === 0) return { runtime, bytes };
  throw new CliError("USAGE", `${file} is no command: arguments are for wasi-cmd-v1 alone`);
}

/** Its exports say what a module is for. */
function runtimeOf(file: string, bytes: Uint8Array<ArrayBuffer>): RuntimeId {
  let names: string[];
  try {
    names = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
  } catch (cause) {
    throw new CliError("PROGRAM_INVALID", `${file} is no WebAssembly module`, { cause });
  }
  if (names.includes("_start")) return "wasi-cmd-v1";
  if (names.includes("step")) return "wasm-step-v1";
  throw new CliError(
    "PROGRAM_INVALID",
    `${file} exports neither _start (a command) nor steps and step: see docs/writing-tasks.md`,
    { detail: { path: file } },
  );
}
