import { utf8 } from "@meshwork/foundation/bytes";
import { ENGINE, engineWorld } from "./js-engine.ts";
import { type CompiledModule, MeteredInstance } from "./metered-instance.ts";
import { TaskFault, type TaskLimits } from "./runtime.ts";

/** For a page that is granted. To touch it, the engine has to fill it, which is metered as well. */
const ENGINE_FUEL_PER_PAGE = 4_096;

/** How a piece of JavaScript ended: with a value, or by throwing one. */
export interface Completion {
  readonly thrown: boolean;
  readonly value: number;
}

/** Answers a call of the program's, with a value's address, or 0 for `undefined`. */
export type HostFunctions = (id: number, argument: (index: number) => number) => number;

/**
 * The budget of WebAssembly frames: measured, 200,000 units take less than 1.5 MB of native stack
 * in either of V8's tiers, and the sandbox's child has 3.9 MB.
 */
const ENGINE_STACK = 200_000;

/**
 * What the engine lets JavaScript use of its own stack, before it throws an error that the program
 * may catch: a plain call takes about 180 bytes. Recursion in the engine itself (its parser, say)
 * takes little of this stack, and meets the budget of frames instead.
 */
const engineStackBytes = (stackDepth: number) => Math.min(32 * stackDepth, 256 << 10);

/**
 * One engine, with one JavaScript realm in it. Values are numbers: their addresses in the engine's
 * memory. None is ever freed, since the engine lives for one step. Use it inside `instance.run`.
 */
export class JsValues {
  readonly instance: MeteredInstance;
  #runtime = 0;
  #context = 0;
  #memory = new Uint8Array(0);

  constructor(parts: {
    engine: CompiledModule;
    limits: TaskLimits;
    budget: bigint;
    host: HostFunctions;
  }) {
    const { engine, limits, budget, host } = parts;
    this.instance = new MeteredInstance(engine, () => this.#world(limits.memoryPages, host), {
      fuel: budget,
      stack: ENGINE_STACK,
    });
    this.instance.run(() => {
      this.instance.charge(BigInt(ENGINE_FUEL_PER_PAGE * limits.memoryPages));
      this.#engine("initialize");
      this.#runtime = this.#engine("newRuntime");
      this.#engine("setMaxStackSize", this.#runtime, engineStackBytes(limits.stackDepth));
      this.#context = this.#engine("newContext", this.#runtime, 0);
    });
  }

  evaluate(source: Uint8Array, name: string): Completion {
    const text = this.#text(source);
    const file = this.#text(utf8(name));
    return this.#completion(
      this.#engine("evaluate", this.#context, text, source.length, file, 0, 0),
    );
  }

  call(callee: number, parameters: readonly number[]): Completion {
    const self = this.#engine("getUndefined");
    const list = this.#allocate(4 * parameters.length);
    const view = new DataView(this.#memory.buffer);
    parameters.forEach((value, i) => {
      view.setUint32(list + 4 * i, value, true);
    });
    return this.#completion(
      this.#engine("call", this.#context, callee, self, parameters.length, list),
    );
  }

  /** Runs what promises have put off, until nothing is left of it. */
  runJobs(): void {
    const lastContext = this.#allocate(4);
    do this.#engine("executePendingJob", this.#runtime, -1, lastContext);
    while (this.#engine("isJobPending", this.#runtime) !== 0);
  }

  /** @param id by which the host will know the call; not 0. */
  newFunction(name: string, id: number): number {
    const label = this.#text(utf8(name));
    return this.#engine("newFunction", this.#context, label, 0, 0, id);
  }

  newNumber(number: number): number {
    return this.#engine("newNumber", this.#context, number);
  }

  /** @param bytes UTF-8 without a zero in it. */
  newString(bytes: Uint8Array): number {
    const text = this.#text(bytes);
    const value = this.#engine("newString", this.#context, text);
    this.#engine("free", text);
    return value;
  }

  /** An ArrayBuffer, which owns the memory that was allocated for it. */
  newBytes(bytes: Uint8Array): number {
    const address = this.#allocate(bytes.length);
    this.#memory.set(bytes, address);
    return this.#engine("newArrayBuffer", this.#context, address, bytes.length);
  }

  numberOf(value: number): number {
    return this.#engine("getNumber", this.#context, value);
  }

  textOf(value: number): Uint8Array {
    const start = this.#engine("getString", this.#context, value) >>> 0;
    if (start === 0) throw this.fault("MEMORY_LIMIT", "the result does not fit into the memory");
    return this.#memory.slice(start, this.#memory.indexOf(0, start));
  }

  bytesOf(value: number): Uint8Array {
    const start = this.#engine("getArrayBuffer", this.#context, value) >>> 0;
    const length = this.#engine("getArrayBufferLength", this.#context, value) >>> 0;
    return this.#memory.slice(start, start + length);
  }

  fault(code: TaskFault["code"], message: string): TaskFault {
    return new TaskFault(code, message, this.instance.used);
  }

  /** The memory has its full size from the start, so that it cannot fail to grow. */
  #world(memoryPages: number, host: HostFunctions): WebAssembly.Imports {
    const memory = new WebAssembly.Memory({ initial: memoryPages, maximum: memoryPages });
    this.#memory = new Uint8Array(memory.buffer);
    return engineWorld(memory, (_context, _count, values, id) =>
      host(id, (index) => this.#engine("argument", values, index)),
    );
  }

  #completion(value: number): Completion {
    const thrown = this.#engine("resolveException", this.#context, value);
    return thrown === 0 ? { thrown: false, value } : { thrown: true, value: thrown };
  }

  /** Bytes with a zero behind them, as C wants its text. */
  #text(bytes: Uint8Array): number {
    const address = this.#allocate(bytes.length + 1);
    this.#memory.set(bytes, address);
    this.#memory[address + bytes.length] = 0;
    return address;
  }

  #allocate(length: number): number {
    this.instance.pay(length);
    const address = this.#engine("malloc", Math.max(length, 1)) >>> 0;
    if (address === 0)
      throw this.fault("MEMORY_LIMIT", "what the program reads does not fit into its memory");
    return address;
  }

  #engine(name: keyof typeof ENGINE, ...parameters: number[]): number {
    return this.instance.call(ENGINE[name], ...parameters);
  }
}
