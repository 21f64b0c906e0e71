import { fileByRequests } from "./file-requests.ts";
import type { InstrumentedModule } from "./metering/instrument.ts";
import type {
  Answered,
  GuestTask,
  HostTask,
  Segment,
  SegmentOutcome,
  TaskLimits,
} from "./runtime.ts";
import { encodeFrame, type Frame } from "./sandbox-frames.ts";

/**
 * What node and child say to each other. Bigints travel as decimal text. The child trusts what the
 * node sends; what the child sends is parsed in `sandbox-replies.ts`.
 */
type Wire<T> = { [K in keyof T]: T[K] extends bigint ? string : T[K] };

type Request =
  | { kind: "prepare"; instanceFuel: string }
  | {
      kind: "open";
      runtime: GuestTask["program"]["runtime"];
      limits: Wire<TaskLimits>;
      /** The size of each input that is a file; null for one that comes as a blob. */
      files: (number | null)[];
      mayAsk: boolean;
    }
  | {
      kind: "segment";
      index: number;
      fuelBefore: string;
      outputBefore: number;
      answers: readonly Answered[];
    };

/** What the child was asked, decoded. */
export type SandboxRequest =
  | { kind: "prepare"; engine: InstrumentedModule }
  | { kind: "open"; task: GuestTask }
  | { kind: "segment"; segment: Segment };

/** Blob: the JavaScript engine, which every child gets before it gets a task. */
export function encodePrepare({ wasm, instanceFuel }: InstrumentedModule): Uint8Array[] {
  const header: Request = { kind: "prepare", instanceFuel: String(instanceFuel) };
  return encodeFrame(header, [wasm]);
}

/** Blobs: the program, and the inputs that are no files. */
export function encodeOpen(task: HostTask): Uint8Array[] {
  const { program, limits, inputs, mayAsk = false } = task;
  const header: Request = {
    kind: "open",
    runtime: program.runtime,
    limits: { ...limits, fuel: String(limits.fuel) },
    mayAsk,
    files: inputs.map((input) => (input instanceof Uint8Array ? null : input.sizeBytes)),
  };
  return encodeFrame(header, [
    program.bytes,
    ...inputs.filter((input) => input instanceof Uint8Array),
  ]);
}

/** Blob: the state. */
export function encodeSegment(segment: Segment): Uint8Array[] {
  const { index, fuelBefore, outputBefore, preState, answers = [] } = segment;
  const step = { index, fuelBefore: String(fuelBefore), outputBefore };
  const header: Request = { kind: "segment", ...step, answers };
  return encodeFrame(header, [preState]);
}

export function decodeRequest(frame: Frame): SandboxRequest {
  const header = frame.header as Request;
  const [first = NOTHING, ...blobs] = frame.blobs;
  switch (header.kind) {
    case "prepare":
      return {
        kind: "prepare",
        engine: { wasm: first, instanceFuel: BigInt(header.instanceFuel) },
      };
    case "open": {
      const limits = { ...header.limits, fuel: BigInt(header.limits.fuel) } as TaskLimits;
      const program = { runtime: header.runtime, bytes: first };
      const inputs = header.files.map((sizeBytes, index) =>
        sizeBytes === null ? (blobs.shift() ?? NOTHING) : fileByRequests(index, sizeBytes),
      );
      return { kind: "open", task: { program, inputs, limits, mayAsk: header.mayAsk } };
    }
    case "segment": {
      const { index, outputBefore, answers } = header;
      const fuelBefore = BigInt(header.fuelBefore);
      const segment = { index, fuelBefore, outputBefore, preState: first, answers };
      return { kind: "segment", segment };
    }
  }
}

const NOTHING = new Uint8Array(0);

/** What the child may answer. */
export type SandboxReply =
  | { kind: "ready" }
  | { kind: "opened"; steps: number }
  | { kind: "outcome"; outcome: SegmentOutcome }
  | { kind: "asks"; requests: readonly string[] }
  | { kind: "broken"; code: string; message: string };

export function encodeReply(reply: SandboxReply): Uint8Array[] {
  if (reply.kind !== "outcome") return encodeFrame(reply, []);
  const { outcome } = reply;
  const fuel = String(outcome.fuel);
  if (outcome.kind === "fault") return encodeFrame({ ...outcome, fuel }, []);
  return encodeFrame({ kind: "done", fuel }, [outcome.postState, outcome.output]);
}
