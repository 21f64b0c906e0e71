import { InputReader } from "./input-reader.ts";
import { compile, MeteredInstance } from "./metered-instance.ts";
import { instrument } from "./metering/instrument.ts";
import { type GuestTask, type Segment, TaskFault } from "./runtime.ts";
import type { StepResult, StepRuntime } from "./step-runtime.ts";

/** What a program may import. The README documents each for those who write programs. */
const IMPORTS = {
  "task.input_size": "i:i",
  "task.input_read": "iiii:i",
  "task.state_size": ":i",
  "task.state_read": "ii:i",
  "task.state_write": "ii:",
  "task.output_write": "ii:",
};
const EXPORTS = { steps: ":i", step: "i:" };

/** Reading, rewriting and compiling a byte of program takes about as long as this much fuel. */
const FUEL_PER_PROGRAM_BYTE = 100n;

/** @throws ModuleError when the program is refused. */
export function prepareWasmStep(task: GuestTask): StepRuntime {
  const { bytes } = task.program;
  const { memoryPages } = task.limits;
  const compiled = compile(instrument(bytes, { imports: IMPORTS, exports: EXPORTS, memoryPages }));
  const instantiate = (segment: Segment, budget: bigint) => {
    const host = new StepHost(task, segment);
    const instance = new MeteredInstance(compiled, (made) => ({ task: host.functions(made) }), {
      fuel: budget,
      stack: task.limits.stackDepth,
    });
    return { host, instance };
  };
  return {
    preparationFuel: FUEL_PER_PROGRAM_BYTE * BigInt(bytes.length),
    countSteps(budget) {
      const { instance } = instantiate(BEFORE_ALL, budget);
      const steps = instance.run(() => instance.call("steps")) >>> 0;
      return { steps, fuel: instance.used };
    },
    runStep(segment, budget): StepResult {
      const { host, instance } = instantiate(segment, budget);
      instance.run(() => instance.call("step", segment.index));
      return { postState: host.state, output: host.output, fuel: instance.used };
    },
  };
}

/** Counting sees no state, and what it writes is dropped. */
const BEFORE_ALL: Segment = {
  index: 0,
  preState: new Uint8Array(0),
  fuelBefore: 0n,
  outputBefore: 0,
};

/** The host's side of one step. */
class StepHost {
  state: Uint8Array;
  readonly #task: GuestTask;
  readonly #outputBefore: number;
  /** Grows by doubling: a program may write one byte at a time. */
  #output = new Uint8Array(4_096);
  #outputLength = 0;

  constructor(task: GuestTask, segment: Segment) {
    this.#task = task;
    this.state = segment.preState;
    this.#outputBefore = segment.outputBefore;
  }

  get output(): Uint8Array {
    return this.#output.slice(0, this.#outputLength);
  }

  /** WebAssembly's i32 arrives signed; every number below is meant unsigned. */
  functions(instance: MeteredInstance): WebAssembly.ModuleImports {
    const inputs = new InputReader(this.#task.inputs, (fuel) => instance.charge(fuel));
    return {
      input_size: (index: number) => {
        instance.pay(0);
        return inputs.sizeOf(index >>> 0);
      },
      input_read: (index: number, offset: number, address: number, length: number) => {
        const left = Math.max(0, inputs.sizeOf(index >>> 0) - (offset >>> 0));
        const count = Math.min(length >>> 0, left);
        instance.pay(count);
        return inputs.read(index >>> 0, offset >>> 0, instance.view(address, count));
      },
      state_size: () => {
        instance.pay(0);
        return this.state.length;
      },
      state_read: (address: number, length: number) =>
        copyIn(instance, this.state, { address, length }),
      state_write: (address: number, length: number) => {
        this.state = this.#readState(instance, address, length >>> 0);
      },
      output_write: (address: number, length: number) => {
        this.#append(instance, address, length >>> 0);
      },
    };
  }

  #readState(instance: MeteredInstance, address: number, length: number): Uint8Array {
    const { stateBytes } = this.#task.limits;
    if (length > stateBytes)
      throw new TaskFault(
        "STATE_LIMIT",
        `a state of ${length} bytes is larger than the ${stateBytes} allowed`,
        instance.used,
      );
    instance.pay(length);
    return instance.view(address, length).slice();
  }

  #append(instance: MeteredInstance, address: number, length: number): void {
    const { outputBytes } = this.#task.limits;
    const end = this.#outputLength + length;
    if (this.#outputBefore + end > outputBytes)
      throw new TaskFault(
        "OUTPUT_LIMIT",
        `the output is longer than the ${outputBytes} bytes allowed`,
        instance.used,
      );
    instance.pay(length);
    const bytes = instance.view(address, length);
    if (end > this.#output.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#output.length));
      grown.set(this.#output.subarray(0, this.#outputLength));
      this.#output = grown;
    }
    this.#output.set(bytes, this.#outputLength);
    this.#outputLength = end;
  }
}

/** Copies as much as there is and as fits; gives the number of bytes. */
function copyIn(
  instance: MeteredInstance,
  source: Uint8Array,
  to: { address: number; length: number },
): number {
  const length = Math.min(to.length >>> 0, source.length);
  instance.pay(length);
  instance.view(to.address, length).set(source.subarray(0, length));
  return length;
}
