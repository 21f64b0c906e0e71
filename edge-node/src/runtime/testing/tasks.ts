import { type Fuel, utf8 } from "@meshwork/foundation";
import wabtInit from "wabt";
import type { Segment, Task, TaskLimits } from "../runtime.ts";

/** Small tasks for tests. */

export const ordinaryLimits: TaskLimits = {
  fuel: 1_000_000_000n as Fuel,
  memoryPages: 512,
  stackDepth: 8_192,
  steps: 1_000,
  stateBytes: 1 << 20,
  outputBytes: 1 << 20,
};

export const firstSegment: Segment = {
  index: 0,
  preState: new Uint8Array(0),
  fuelBefore: 0n,
  outputBefore: 0,
};

type Overrides = Partial<Omit<TaskLimits, "fuel">> & { fuel?: bigint };

export const taskOf = (
  runtime: Task["program"]["runtime"],
  bytes: Uint8Array<ArrayBuffer>,
  { inputs = [], limits = {} }: { inputs?: readonly Uint8Array[]; limits?: Overrides } = {},
): Task => ({
  program: { runtime, bytes },
  inputs,
  limits: { ...ordinaryLimits, ...limits } as TaskLimits,
});

export const jsTask = (
  source: string,
  options?: { inputs?: readonly Uint8Array[]; limits?: Overrides },
): Task => taskOf("js-qjs-v1", utf8(source), options);

export const wasmTask = (
  module: Uint8Array<ArrayBuffer>,
  options?: { inputs?: readonly Uint8Array[]; limits?: Overrides },
): Task => taskOf("wasm-step-v1", module, options);

const wabt = await wabtInit();
/** wabt writes what is forbidden here too: refusing it is for us to do. */
const FEATURES = {
  threads: true,
  simd: true,
  bulk_memory: true,
  reference_types: true,
  memory64: true,
  exceptions: true,
  tail_call: true,
};

export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const module = wabt.parseWat("test.wat", text, FEATURES);
  try {
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/** A one-step program, its `step` made of `body`; `more` are further fields of the module. */
export const program = (
  body: string,
  { more = "", memory = '(memory (export "memory") 1)', steps = 1 } = {},
): Uint8Array<ArrayBuffer> =>
  assemble(`(module
    (import "task" "input_size" (func $input_size (param i32) (result i32)))
    (import "task" "input_read" (func $input_read (param i32 i32 i32 i32) (result i32)))
    (import "task" "state_size" (func $state_size (result i32)))
    (import "task" "state_read" (func $state_read (param i32 i32) (result i32)))
    (import "task" "state_write" (func $state_write (param i32 i32)))
    (import "task" "output_write" (func $output_write (param i32 i32)))
    ${memory} ${more}
    (func (export "steps") (result i32) i32.const ${steps})
    (func (export "step") (param $k i32) ${body}))`);
