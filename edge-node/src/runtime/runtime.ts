import { CodedError } from "@meshwork/foundation/errors";
import type { FaultCode, RuntimeId, TaskLimits } from "@meshwork/protocol";

/**
 * The one port between Meshwork and the programs of strangers. A task is a row of steps; each takes
 * the state that the one before it left, and the same inputs, and gives a state, a piece of the
 * output and the fuel that it used. Those four are bit for bit the same on every machine, in any
 * process, warm or cold; so a verifier can run any one step again and hold it against a leaf.
 */

export type { FaultCode, RuntimeId, TaskLimits };

export interface Program {
  readonly runtime: RuntimeId;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What is to be run: all of it comes from the contract, and nothing from the machine. */
export interface Task<File = never> {
  readonly program: Program;
  /** What is in memory, and what is read in chunks. */
  readonly inputs: readonly (Uint8Array | File)[];
  readonly limits: TaskLimits;
  /** Whether the program finds a `world` that it can ask. @default false */
  readonly mayAsk?: boolean;
}

/** What a program can ask beside its inputs; never within the sandbox, but on the node's side of it. */
export interface World {
  /** One answer to each request, in this order; both are JSON. Rejects when the task cannot go on here. */
  answer(requests: readonly string[]): Promise<readonly string[]>;
}

/** A request that was answered, as a step hears it again when it is run once more. */
export interface Answered {
  readonly request: string;
  readonly answer: string;
}

/** An input that is not in memory, as the process sees it that runs the program: it waits for each chunk. */
export interface InputFile {
  readonly sizeBytes: number;
  /** Of `limits.fileChunkBytes`; the last is what is left. @throws HostFailure when it cannot be had */
  chunk(index: number): Uint8Array;
}

/** A task as the process sees it that runs it. */
export type GuestTask = Task<InputFile>;

/** The same file as the node sees it, which brings the chunks. */
export interface HostFile {
  readonly sizeBytes: number;
  chunk(index: number): Promise<Uint8Array>;
}

/** A task as it is handed to a sandbox. */
export interface HostTask extends Task<HostFile> {
  /** Answers what the program asks: it must be there if the task may ask. */
  readonly world?: World;
}

/** Bounds of the machine. To meet one is a failure of the host (`SandboxError`), never a result. */
export interface HostLimits {
  /** From opening the task to closing it. */
  readonly wallMs: number;
  /** Resident memory of the process that runs it. */
  readonly hostMemoryBytes: number;
}

/** One step, with all that it depends on besides the task. */
export interface Segment {
  readonly index: number;
  /** Empty before the first step. */
  readonly preState: Uint8Array;
  /** What the steps before this one used of the task's fuel and of its output. */
  readonly fuelBefore: bigint;
  readonly outputBefore: number;
  /** What the world has answered to this step so far. @default nothing */
  readonly answers?: readonly Answered[];
}

/** A fault is a result like any other: deterministic, traced and checked. */
export type SegmentOutcome =
  | {
      readonly kind: "done";
      readonly postState: Uint8Array;
      readonly output: Uint8Array;
      /** Used by this step alone. */
      readonly fuel: bigint;
    }
  | {
      readonly kind: "fault";
      readonly code: FaultCode;
      /** For the requester; it too is the same on every machine. At most `FAULT_MESSAGE_BYTES`. */
      readonly message: string;
      readonly fuel: bigint;
    };

/**
 * A task that is ready to run. A program that cannot be opened (refused, malformed, looping in
 * `steps`) is a task of one step which faults, so that there is one way for a task to fail.
 */
export interface TaskSession {
  readonly steps: number;
  runSegment(segment: Segment): SegmentOutcome;
}

export const FAULT_MESSAGE_BYTES = 1_024;

/** The program ended itself: thrown inside a runtime, given out as a `fault`. */
export class TaskFault extends CodedError<FaultCode> {
  /** Fuel of the step so far; null when it is unknown, and then the step takes all that was left. */
  readonly fuel: bigint | null;

  constructor(code: FaultCode, message: string, fuel: bigint | null) {
    super(code, message);
    this.fuel = fuel;
  }
}

/** Thrown inside a runtime: the step asks what it has not been told. It is run again when it can be. */
export class Asking extends Error {
  readonly requests: readonly string[];

  constructor(requests: readonly string[]) {
    super("the step waits for answers");
    this.requests = requests;
  }
}

/** The host could not do what the contract grants. Nothing may be concluded about the program. */
export class HostFailure extends CodedError<"HOST_MEMORY" | "NATIVE_STACK" | "HOST_BROKEN"> {}
