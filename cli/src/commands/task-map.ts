import { defineTask, type JobState, type Task } from "@meshwork/api/client";
import { CodedError, type Digest, type Fuel, limits, type OrderId } from "@meshwork/foundation";
import { Command, Option } from "commander";
import { z } from "zod";
import {
  type ApiOptions,
  type Connection,
  connect,
  orderIdArgument,
  withApiOptions,
} from "../connect.ts";
import { writeNew } from "../files.ts";
import { readProgram } from "../guest-kit/read-task.ts";
import { inputFiles } from "../input-files.ts";
import { amountOption, collect, integer, outputOf } from "../options.ts";
import type { Output, Streams } from "../output.ts";
import { jobTeller } from "../show-job.ts";
import { shortName, stateTeller } from "../show-task.ts";
import { bringInput } from "./task-submit.ts";

interface ResultFiles {
  output?: string;
  receipt?: string;
}

interface MapOptions extends ApiOptions, ResultFiles {
  input?: string[];
  inputsFrom?: string[];
  reduce?: string;
  arg?: string[];
  replicas: number;
  verifiers: number;
  fuel: bigint;
  price: bigint;
  attempts: number;
  maxFailures: number;
  watch: boolean;
}

const bytes = z.instanceof(Uint8Array);

export function mapCommand(streams: Streams): Command {
  return withResultFiles(withApiOptions(new Command("map")))
    .description("run one program over many inputs, and a second one over what came out: one job")
    .argument("<program>", "of each part: a module (.ts, .js), or WebAssembly (.wasm)")
    .option("--input <file>", "what one part reads; give it for each, in order", collect)
    .option("--inputs-from <list>", "a pattern (quoted), or a file with a path a line", collect)
    .option("--reduce <program>", "reads the outputs of all parts as its inputs, in order")
    .option("--arg <text>", "an argument for a command; may be given several times", collect)
    .option("--replicas <n>", "independent runs of each part", integer(1, limits.replicas), 2)
    .option("--verifiers <n>", "nodes that check it", integer(1, limits.verifiers), 4)
    .addOption(amountOption("--fuel <n>", "the most that one run may burn", 20_000_000_000n))
    .addOption(amountOption("--price <points>", "the most that each part may cost you", 10_000n))
    .addOption(
      new Option("--attempts <n>", "orders of a part that ends without a verdict")
        .argParser(integer(1, limits.jobAttempts))
        .default(2),
    )
    .addOption(
      new Option("--max-failures <n>", "parts that may be missing from the result")
        .argParser(integer(0, limits.jobParts))
        .default(0),
    )
    .option("--no-watch", "say the job's id, and do not wait (meshwork task follow JOB does)")
    .action(async (program: string, options: MapOptions, command: Command) => {
      await map(program, options, outputOf(command, streams));
    });
}

const withResultFiles = (command: Command): Command =>
  command
    .option("--output <file>", "write the result to a new file")
    .option("--receipt <file>", "write the receipt to a new file");

async function map(program: string, options: MapOptions, output: Output): Promise<void> {
  const files = await inputFiles(options.input ?? [], options.inputsFrom ?? []);
  const mapped = await taskOf(program, options.arg ?? [], options);
  const reduce = options.reduce === undefined ? null : await taskOf(options.reduce, [], options);
  const connection = await connect(options);
  const inputs: unknown[] = [];
  for (const file of files) inputs.push(await bringInput(file, connection.meshwork, output));
  const { attempts, maxFailures } = options;
  const plan = { map: mapped, reduce, inputs, attempts, maxFailures };
  const jobId = await connection.meshwork.map(plan);
  output.emit("job", { jobId, parts: files.length });
  if (!options.watch) return output.say(jobId);
  output.note(`job        ${jobId}, of ${files.length} parts`);
  await follow(connection, jobId, options, output);
}

async function taskOf(
  file: string,
  args: readonly string[],
  { fuel, replicas, verifiers, price }: MapOptions,
): Promise<Task<z.ZodType<Uint8Array>, z.ZodType<Uint8Array>>> {
  const { runtime, bytes: program } = await readProgram(file, args);
  return defineTask({
    runtime,
    program,
    input: bytes,
    output: bytes,
    outputAs: "bytes",
    limits: { fuel: fuel as Fuel },
    policy: { replicas, verifiers },
    priceCeiling: price,
  });
}

/** Until it is over; then the result, and what proves it. */
async function follow(
  { meshwork }: Connection,
  jobId: Digest,
  files: ResultFiles,
  output: Output,
): Promise<void> {
  const tell = jobTeller((stage, what) => output.note(`${stage.padEnd(10)} ${what}`));
  const done = await meshwork.followJob(jobId, {
    onState(state) {
      output.emit("state", { state });
      tell(state);
    },
  });
  if (files.receipt !== undefined) await writeNew(files.receipt, done.receipt);
  const results = done.output === null ? done.outputs.filter((one) => one !== null) : [done.output];
  if (files.output !== undefined) await writeNew(files.output, Buffer.concat(results));
  else for (const result of results) output.say(new TextDecoder().decode(result));
  output.emit("task", { ...summaryOf(done.state), files });
}

const summaryOf = ({ jobId, parts, failures, reduce }: JobState) => ({
  jobId,
  outcome: reduce?.outcome ?? null,
  parts: parts.map(({ orderId, outcome }) => ({ orderId, outcome })),
  failures,
});

export function followCommand(streams: Streams): Command {
  return withResultFiles(withApiOptions(new Command("follow")))
    .description("a job of yours with all its parts, or an order, until it is over")
    .argument("<id>", "of the job, or of the order", orderIdArgument)
    .action(async (id: OrderId, options: ApiOptions & ResultFiles, command: Command) => {
      const output = outputOf(command, streams);
      const connection = await connect(options);
      if (await isJob(connection, id)) return follow(connection, asJob(id), options, output);
      const tell = stateTeller(
        (stage, what) => output.say(`${stage.padEnd(10)} ${what}`),
        shortName,
      );
      for await (const state of connection.meshwork.watch(id)) {
        output.emit("state", { state });
        tell(state);
      }
    });
}

/** Jobs and orders are named alike; the gateway knows which it is. */
export async function isJob({ meshwork }: Connection, id: OrderId): Promise<boolean> {
  const trpc = await meshwork.trpc();
  return trpc.jobs.get.query({ jobId: asJob(id) }).then(
    () => true,
    (error: { shape?: { data?: { meshworkCode?: string } } }) => {
      if (error.shape?.data?.meshworkCode === "JOB_UNKNOWN") return false;
      throw error instanceof CodedError ? error : (error as unknown);
    },
  );
}

export async function revokeJob(
  { meshwork }: Connection,
  id: OrderId,
  output: Output,
): Promise<void> {
  const { revoked, tooLate } = await meshwork.revokeJob(asJob(id));
  output.emit("revoked", { jobId: id, revoked, tooLate });
  output.say(`job ${id} places no more orders; ${revoked.length} of them are revoked`);
  if (tooLate.length > 0) output.say(`${tooLate.length} were closed already, or never placed`);
}

const asJob = (id: OrderId): Digest => id as string as Digest;
