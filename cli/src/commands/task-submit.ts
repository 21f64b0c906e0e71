import {
  defineTask,
  type Meshwork,
  type RunResult,
  SeveralInputs,
  type UploadedFile,
} from "@meshwork/api/client";
import { withArguments } from "@meshwork/edge-node/local-task";
import { type FileId, type Fuel, limits } from "@meshwork/foundation";
import { type RuntimeId, runtimeId } from "@meshwork/protocol";
import { Command, Option } from "commander";
import { z } from "zod";
import { CliError } from "../cli-error.ts";
import { type ApiOptions, connect, withApiOptions } from "../connect.ts";
import { readBounded, writeNew } from "../files.ts";
import { withSource } from "../local-file.ts";
import { amountOption, collect, integer, outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { checkReceipt } from "../receipt-check.ts";
import { shortName, stateTeller } from "../show-task.ts";
import { fileIdArgument, progressOf } from "./data.ts";
import { planFor, type RiskOptions, withRiskOptions } from "./task-quote.ts";
import { type WorkOptions, withWorkOptions, workOf } from "./work-options.ts";

interface SubmitOptions extends ApiOptions, RiskOptions, WorkOptions {
  runtime: RuntimeId;
  program: string;
  input?: string[];
  arg?: string[];
  inputId?: FileId;
  replicas?: number;
  verifiers: number;
  fuel: bigint;
  price: bigint;
  watch?: boolean;
  output?: string;
  receipt?: string;
}

const bytes = z.instanceof(Uint8Array);

export function submitCommand(streams: Streams): Command {
  return withWorkOptions(withRiskOptions(withApiOptions(new Command("submit"))))
    .description("hand in a program and its input; pay when the result is there")
    .addOption(
      new Option("--runtime <id>", "what runs the program")
        .choices(runtimeId.options)
        .makeOptionMandatory(),
    )
    .requiredOption("--program <file>", "JavaScript with a function main(inputs), or WebAssembly")
    .option(
      "--input <file>",
      "what the program reads, up to 4 GiB; may be given several times (default: nothing)",
      collect,
    )
    .option("--arg <text>", "an argument for a command; may be given several times", collect)
    .option(
      "--input-id <id>",
      "a file that `meshwork data put` has brought, as an input",
      fileIdArgument,
    )
    .option(
      "--replicas <n>",
      "independent runs of the whole task (default: 2; 1 where each hears something else from the world)",
      integer(1, limits.replicas),
    )
    .option("--verifiers <n>", "nodes that check it", integer(1, limits.verifiers), 4)
    .addOption(amountOption("--fuel <n>", "the most that one run may burn", 20_000_000_000n))
    .addOption(amountOption("--price <points>", "the most that it may cost you", 10_000n))
    .option("--watch", "show each state, and wait for the result")
    .option("--output <file>", "write the result to a new file; implies --watch")
    .option("--receipt <file>", "write the receipt to a new file; implies --watch")
    .action(async (options: SubmitOptions, command: Command) => {
      await submit(options, outputOf(command, streams));
    });
}

async function submit(options: SubmitOptions, output: Output): Promise<void> {
  const connection = await connect(options);
  const { meshwork } = connection;
  const program = withArgs(
    options,
    new Uint8Array(await readBounded(options.program, limits.programBytes)),
  );
  const task = defineTask({
    runtime: options.runtime,
    program,
    input: bytes,
    output: bytes,
    outputAs: "bytes",
    limits: { fuel: options.fuel as Fuel },
    work: await workOf(options),
    ...(await checking(options, meshwork)),
  });
  const input = await inputOf(options, meshwork, output);
  if (!(options.watch || options.output || options.receipt)) {
    const orderId = await meshwork.submit(task, input);
    output.emit("order", { orderId });
    output.say(orderId);
    return;
  }
  const tell = stateTeller((stage, what) => output.note(`${stage.padEnd(10)} ${what}`), shortName);
  const done = await meshwork.run(task, input, {
    onState(state) {
      output.emit("state", { state });
      tell(state);
    },
  });
  if (connection.genesis !== null) checkReceipt(done.receipt, connection.genesis);
  await hand(done, options, output);
}

/** By numbers, or as the network's planner would check it for the risk that is wished. */
async function checking(
  { risk, replicas, verifiers, price, ...options }: SubmitOptions,
  meshwork: Meshwork,
) {
  if (risk === undefined) {
    const runs = replicas === undefined ? {} : { replicas };
    return { policy: { ...runs, verifiers }, priceCeiling: price };
  }
  const { policy, priceCeiling } = await planFor(meshwork, { ...options, risk });
  const least = BigInt(priceCeiling);
  return { policy, priceCeiling: price > least ? price : least };
}

/** Arguments travel in the program, so that they are part of what is computed. */
function withArgs(
  { runtime, arg = [] }: SubmitOptions,
  program: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (arg.length === 0) return program;
  if (runtime === "wasi-cmd-v1") return withArguments(program, arg);
  throw new CliError("USAGE", `arguments are for wasi-cmd-v1 alone, and not for ${runtime}`);
}

/** More than a chunk is a file: it goes ahead of the order, in pieces. */
async function inputOf(
  { input, inputId }: SubmitOptions,
  meshwork: Meshwork,
  output: Output,
): Promise<SeveralInputs> {
  if (inputId !== undefined) return new SeveralInputs(await meshwork.file(inputId));
  if (input === undefined) return new SeveralInputs(new Uint8Array(0));
  const inputs: Awaited<ReturnType<typeof bringInput>>[] = [];
  for (const path of input) inputs.push(await bringInput(path, meshwork, output));
  return new SeveralInputs(...inputs);
}

export const bringInput = (
  path: string,
  meshwork: Meshwork,
  output: Output,
): Promise<Uint8Array<ArrayBuffer> | UploadedFile> =>
  withSource(path, async (source) =>
    source.sizeBytes <= limits.fileChunkBytes
      ? new Uint8Array(await source.read(0, source.sizeBytes))
      : meshwork.putFile(source, { onProgress: progressOf(output) }),
  );

async function hand(
  done: RunResult<Uint8Array>,
  { output: outputFile, receipt: receiptFile }: SubmitOptions,
  output: Output,
): Promise<void> {
  if (receiptFile !== undefined) await writeNew(receiptFile, done.receipt);
  if (outputFile !== undefined) await writeNew(outputFile, done.output);
  else output.say(new TextDecoder().decode(done.output));
  const { orderId, outcome, resultHash, fuel, segments } = done;
  output.emit("task", { orderId, outcome, resultHash, fuel, segments, outputFile, receiptFile });
  if (receiptFile !== undefined) output.note(`receipt    ${receiptFile}`);
}
