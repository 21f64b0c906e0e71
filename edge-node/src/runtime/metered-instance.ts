import { type InstrumentedModule, METER_EXPORT } from "./metering/instrument.ts";
import { TRAP_REASON } from "./metering/meter-emitter.ts";
import { HostFailure, TaskFault } from "./runtime.ts";

/** An instrumented module, compiled: instances are made of it. */
export interface CompiledModule {
  readonly module: WebAssembly.Module;
  readonly instanceFuel: bigint;
}

export const compile = ({ wasm, instanceFuel }: InstrumentedModule): CompiledModule => ({
  module: new WebAssembly.Module(wasm),
  instanceFuel,
});

export interface InstanceBudget {
  readonly fuel: bigint;
  /** In the units of `rewrite-function.ts`: one for each local and operand, four for a frame. */
  readonly stack: number;
}

/** A host call costs at least this: the crossing alone takes about as long as so much code. */
const HOST_CALL_FUEL = 1_000n;

/**
 * One instance of an instrumented module, made for one step and then dropped. It says what the step
 * used, and turns the ways in which WebAssembly stops into a TaskFault or a HostFailure.
 */
export class MeteredInstance {
  readonly #budget: InstanceBudget;
  #instance: WebAssembly.Instance | undefined;
  /** What every host call looks at. */
  #fuel = new WebAssembly.Global({ value: "i64", mutable: true }, 0n);
  #memory = new Uint8Array(0);

  /**
   * @param imports the host functions, which may look at this instance once they are called.
   * @throws TaskFault when the budget does not even pay for the instance.
   */
  constructor(
    compiled: CompiledModule,
    imports: (instance: MeteredInstance) => WebAssembly.Imports,
    budget: InstanceBudget,
  ) {
    this.#budget = budget;
    if (compiled.instanceFuel > budget.fuel) throw this.#outOfFuel();
    this.run(() => {
      this.#instance = new WebAssembly.Instance(compiled.module, imports(this));
      this.#fuel = this.#global(METER_EXPORT.fuel) as WebAssembly.Global<"i64">;
      this.#fuel.value = budget.fuel - compiled.instanceFuel;
      this.#global(METER_EXPORT.stack).value = budget.stack;
      if (METER_EXPORT.start in this.#instance.exports) this.call(METER_EXPORT.start);
    });
  }

  /**
   * A piece of the guest's memory, as it lies there; memory that grows leaves it behind.
   *
   * @param address i32 as WebAssembly gives it, meant unsigned.
   * @throws TaskFault when it is not all within the memory.
   */
  view(address: number, length: number): Uint8Array {
    // Memory that has grown since has left an empty array here.
    if (this.#memory.length === 0)
      this.#memory = new Uint8Array((this.#exports.memory as WebAssembly.Memory).buffer);
    const start = address >>> 0;
    if (start + length > this.#memory.length)
      throw new TaskFault("TRAP", "a host call was given an address out of bounds", this.used);
    return this.#memory.subarray(start, start + length);
  }

  /** Calls an export, whose signature the instrumenter has checked. */
  call(name: string, ...parameters: number[]): number {
    return (this.#exports[name] as (...parameters: number[]) => number)(...parameters);
  }

  /** Charges for a host call that moves `bytes`. */
  pay(bytes: number): void {
    this.charge(HOST_CALL_FUEL + BigInt(bytes));
  }

  charge(fuel: bigint): void {
    const left = this.#fuel.value - fuel;
    this.#fuel.value = left;
    if (left < 0n) throw this.#outOfFuel();
  }

  /** Fuel used so far. Inside the guest's code it is exact at host calls. */
  get used(): bigint {
    const left = this.#fuel.value;
    return left < 0n ? this.#budget.fuel : this.#budget.fuel - left;
  }

  /** Runs guest code. All of an instance's guest code runs inside this. */
  run<Result>(action: () => Result): Result {
    try {
      const result = action();
      if (this.#fuel.value < 0n) throw this.#outOfFuel();
      return result;
    } catch (error) {
      throw this.#explain(error);
    }
  }

  #explain(error: unknown): unknown {
    if (!(error instanceof WebAssembly.RuntimeError)) return brokenHost(error);
    const reason = this.#instance ? this.#global(METER_EXPORT.reason).value : TRAP_REASON.none;
    switch (reason) {
      case TRAP_REASON.outOfFuel:
        return this.#outOfFuel();
      case TRAP_REASON.stackOverflow:
        return new TaskFault("STACK_OVERFLOW", "the calls went deeper than allowed", this.used);
      case TRAP_REASON.unreachable:
        return new TaskFault("TRAP", "the program gave up (`unreachable`)", this.used);
      case TRAP_REASON.hostMemory:
        return new HostFailure("HOST_MEMORY", "the host has no memory left for the program");
      default:
        // The trapping function's fuel was in a local, which is lost.
        return new TaskFault("TRAP", UNNAMED_TRAP, null);
    }
  }

  #outOfFuel(): TaskFault {
    return new TaskFault("OUT_OF_FUEL", "the fuel of the task is spent", this.#budget.fuel);
  }

  get #exports(): WebAssembly.Exports {
    return this.#instance?.exports ?? {};
  }

  #global(name: string): WebAssembly.Global {
    return this.#exports[name] as WebAssembly.Global;
  }
}

const UNNAMED_TRAP =
  "an instruction trapped: an address out of bounds, a division by zero, a conversion or an indirect call that cannot be";

/** V8 reports an exhausted native stack or memory as a RangeError, to guests' code as to ours. */
function brokenHost(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  return /call stack/i.test(error.message)
    ? new HostFailure("NATIVE_STACK", "the host's own stack is spent", { cause: error })
    : new HostFailure("HOST_MEMORY", "the host has no memory left", { cause: error });
}
