import { fromUtf8, utf8 } from "@meshwork/foundation/bytes";
import { assert } from "@meshwork/foundation/errors";
import { prepareJsQjs } from "./js-qjs.ts";
import type { CompiledModule } from "./metered-instance.ts";
import { ModuleError } from "./metering/module-error.ts";
import {
  FAULT_MESSAGE_BYTES,
  type GuestTask,
  type Segment,
  type SegmentOutcome,
  TaskFault,
  type TaskSession,
} from "./runtime.ts";
import type { StepRuntime } from "./step-runtime.ts";
import { prepareWasiCommand } from "./wasi-cmd.ts";
import { prepareWasmStep } from "./wasm-step.ts";

/**
 * Opens a task in this very process: for the sandbox's child, and for tests. A node opens tasks
 * through `sandbox-pool.ts`, since only a process can be stopped whatever it does.
 *
 * The first step pays for getting the program ready and for counting its steps.
 *
 * @param engine QuickJS, as `loadJsEngine` gives it, compiled; needed for `js-qjs-v1` only.
 */
export function openTask(task: GuestTask, engine: CompiledModule | null): TaskSession {
  const { limits } = task;
  let before = 0n;
  try {
    const runtime = prepare(task, engine);
    before = runtime.preparationFuel;
    if (before > limits.fuel) throw outOfFuel();
    const { steps, fuel } = runtime.countSteps(limits.fuel - before);
    if (steps < 1 || steps > limits.steps)
      throw new TaskFault(
        "STEP_LIMIT",
        `the program has ${steps} steps; it must have 1 to ${limits.steps}`,
        fuel,
      );
    return new OpenTask(task, runtime, { steps, openingFuel: before + fuel });
  } catch (error) {
    const fault = faultOf(error, { before, budget: limits.fuel });
    return { steps: 1, runSegment: () => fault };
  }
}

function prepare(task: GuestTask, engine: CompiledModule | null): StepRuntime {
  switch (task.program.runtime) {
    case "wasm-step-v1":
      return prepareWasmStep(task);
    case "wasi-cmd-v1":
      return prepareWasiCommand(task);
    case "js-qjs-v1":
      assert(engine !== null, "js-qjs-v1 needs its engine");
      return prepareJsQjs(task, engine);
  }
}

class OpenTask implements TaskSession {
  readonly steps: number;
  readonly #task: GuestTask;
  readonly #runtime: StepRuntime;
  readonly #openingFuel: bigint;

  constructor(
    task: GuestTask,
    runtime: StepRuntime,
    opened: { steps: number; openingFuel: bigint },
  ) {
    this.#task = task;
    this.#runtime = runtime;
    this.steps = opened.steps;
    this.#openingFuel = opened.openingFuel;
  }

  runSegment(segment: Segment): SegmentOutcome {
    const { limits } = this.#task;
    const { index, preState, fuelBefore, outputBefore } = segment;
    assert(Number.isInteger(index) && index >= 0 && index < this.steps, `no step ${index}`);
    assert(preState.length <= limits.stateBytes, "the state is larger than the contract allows");
    assert(index > 0 || preState.length === 0, "the first step begins with an empty state");
    assert(fuelBefore >= 0n && outputBefore >= 0, "nothing can be used up to less than nothing");
    const left = limits.fuel > fuelBefore ? limits.fuel - fuelBefore : 0n;
    // What the step costs before its first instruction; its state is moved and hashed.
    const before = BigInt(preState.length) + (index === 0 ? this.#openingFuel : 0n);
    try {
      if (before > left) throw outOfFuel();
      const { postState, output, fuel } = this.#runtime.runStep(segment, left - before);
      return { kind: "done", postState, output, fuel: before + fuel };
    } catch (error) {
      return faultOf(error, { before, budget: left });
    }
  }
}

const outOfFuel = () => new TaskFault("OUT_OF_FUEL", "the fuel of the task is spent", null);

/** @param spent `before` is what was used before the runtime began to count; `budget` is all there was. */
function faultOf(error: unknown, spent: { before: bigint; budget: bigint }): SegmentOutcome {
  const { before, budget } = spent;
  if (error instanceof ModuleError)
    return fault("PROGRAM_REFUSED", `${error.code}: ${error.message}`, 0n);
  if (!(error instanceof TaskFault)) throw error;
  const fuel = error.fuel === null ? budget : before + error.fuel;
  return fault(error.code, error.message, capped(fuel, budget));
}

const fault = (code: TaskFault["code"], message: string, fuel: bigint): SegmentOutcome => ({
  kind: "fault",
  code,
  message: shorten(message),
  fuel,
});

const capped = (fuel: bigint, most: bigint): bigint => (fuel > most ? most : fuel);

/** Cuts at a whole character, so that the bytes are text still. */
function shorten(message: string): string {
  const bytes = utf8(message);
  if (bytes.length <= FAULT_MESSAGE_BYTES) return fromUtf8(bytes);
  let end = FAULT_MESSAGE_BYTES;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return fromUtf8(bytes.subarray(0, end));
}
