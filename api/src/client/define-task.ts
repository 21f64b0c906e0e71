import { type CodedError, fromUtf8, limits, utf8 } from "@meshwork/foundation";
import {
  ANYWHERE,
  type Deadlines,
  type Placement,
  type RuntimeId,
  type TaskLimits,
  type VerificationPolicy,
} from "@meshwork/protocol";
import { z } from "zod";
import { ClientError } from "./client-error.ts";
import { replicasFor, type TaskWork, type WorkTerms, workTerms } from "./task-work.ts";

/** What a task is, apart from its input. All but the first four have defaults. */
export interface TaskDefinition<Input extends z.ZodType, Output extends z.ZodType> {
  runtime: RuntimeId;
  /** JavaScript as text, or a WebAssembly module. */
  program: string | Uint8Array;
  /** A value that is bytes is sent as it is; every other as JSON. */
  input: Input;
  output: Output;
  /** How the program writes its output. @default "json" */
  outputAs?: "json" | "bytes";
  /** @default `defaultLimits`, field by field */
  limits?: Partial<TaskLimits>;
  /** @default `defaultPolicy`, field by field */
  policy?: Partial<VerificationPolicy>;
  /** @default `defaultDeadlines`, field by field */
  deadlines?: Partial<Deadlines>;
  /** The most that it may cost, in points. @default 10,000 */
  priceCeiling?: bigint;
  /** 0 to 3. @default 0 */
  priority?: number;
  /** Who may run it, and who is drawn sooner. @default anybody who has the memory for it */
  placement?: Partial<Omit<Placement, "runtime">>;
  /** @default deterministic work, whose results are the same to the last bit */
  work?: TaskWork;
}

/** Room for half a minute on a small machine, within the default deadlines: what is not used costs nothing. */
export const defaultLimits: TaskLimits = {
  fuel: 20_000_000_000n as TaskLimits["fuel"],
  memoryPages: limits.memoryPages,
  stackDepth: 4_096,
  steps: 1_000,
  stateBytes: limits.stateBytes,
  outputBytes: limits.outputBytes,
};

/** Two run it, four check it, every time: the outcome is `verified`, never `accepted`. */
export const defaultPolicy: VerificationPolicy = {
  replicas: 2,
  verifiers: 4,
  segmentsPerVerifier: 2,
  auditRate: 65_536,
};

export const defaultDeadlines: Deadlines = { matchMs: 10_000, runMs: 60_000, deliverMs: 30_000 };

export interface Task<Input extends z.ZodType, Output extends z.ZodType> {
  readonly runtime: RuntimeId;
  readonly program: Uint8Array;
  readonly limits: TaskLimits;
  readonly policy: VerificationPolicy;
  readonly deadlines: Deadlines;
  readonly priceCeiling: bigint;
  readonly priority: number;
  readonly placement: Omit<Placement, "runtime">;
  readonly terms: WorkTerms;
  /** Throws TASK_INPUT_INVALID. */
  encodeInput(input: z.input<Input>): Uint8Array;
  /** Throws TASK_OUTPUT_INVALID. */
  decodeOutput(bytes: Uint8Array): z.output<Output>;
}

/** Zod in, zod out: what goes in is checked before anything is sent, what comes back before it is used. */
export function defineTask<Input extends z.ZodType, Output extends z.ZodType>(
  definition: TaskDefinition<Input, Output>,
): Task<Input, Output> {
  const { runtime, program, work } = definition;
  const terms = workTerms(work);
  const replicas = replicasFor(work?.nature);
  // Who asks the world does so in one step: the whole of it is run again then.
  const steps = terms.outside === null ? defaultLimits.steps : 1;
  return {
    runtime,
    program: typeof program === "string" ? utf8(program) : program,
    limits: { ...defaultLimits, steps, ...definition.limits },
    policy: { ...defaultPolicy, replicas, ...definition.policy },
    deadlines: { ...defaultDeadlines, ...definition.deadlines },
    priceCeiling: definition.priceCeiling ?? 10_000n,
    priority: definition.priority ?? 0,
    placement: { ...ANYWHERE, ...definition.placement },
    terms,
    encodeInput: (input) => encodeValue(parseInput(definition.input, input)),
    decodeOutput: (bytes) => parseOutput(definition, bytes),
  };
}

function parseInput<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw invalid("TASK_INPUT_INVALID", "the input does not fit the task; nothing was sent", {
    reason: z.prettifyError(parsed.error),
  });
}

function encodeValue(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value;
  let text: string | undefined;
  try {
    text = JSON.stringify(value);
  } catch (cause) {
    throw invalid("TASK_INPUT_INVALID", "the input has no JSON; nothing was sent", { cause });
  }
  if (text !== undefined) return utf8(text);
  throw invalid("TASK_INPUT_INVALID", `${typeof value} has no JSON; nothing was sent`, {});
}

function parseOutput<Output extends z.ZodType>(
  { output, outputAs = "json" }: Pick<TaskDefinition<z.ZodType, Output>, "output" | "outputAs">,
  bytes: Uint8Array,
): z.output<Output> {
  let value: unknown = bytes;
  try {
    if (outputAs === "json") value = JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    throw invalid("TASK_OUTPUT_INVALID", "the program's output is not JSON: correct the program", {
      cause,
    });
  }
  const parsed = output.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid("TASK_OUTPUT_INVALID", "the program's output does not fit the task's schema", {
    reason: z.prettifyError(parsed.error),
  });
}

function invalid(
  code: "TASK_INPUT_INVALID" | "TASK_OUTPUT_INVALID",
  what: string,
  { reason, cause }: { reason?: string; cause?: unknown },
): CodedError {
  return new ClientError(code, reason === undefined ? what : `${what}:\n${reason.slice(0, 600)}`, {
    detail: reason === undefined ? {} : { reason },
    cause,
  });
}
