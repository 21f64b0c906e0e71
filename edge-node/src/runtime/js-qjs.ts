import { isUtf8 } from "node:buffer";
import { fromUtf8, utf8 } from "@meshwork/foundation/bytes";
import { InputReader } from "./input-reader.ts";
import { ENGINE_MEMORY_PAGES } from "./js-engine.ts";
import { JS_PRELUDE, JS_PROGRAM } from "./js-prelude.ts";
import { JsValues } from "./js-values.ts";
import type { CompiledModule } from "./metered-instance.ts";
import { moduleLimits } from "./metering/module-limits.ts";
import { type Answered, type GuestTask, type Segment, TaskFault } from "./runtime.ts";
import type { StepResult, StepRuntime } from "./step-runtime.ts";
import { WorldCalls } from "./world-calls.ts";

/**
 * Plain JavaScript. Every step begins with a new engine, evaluates the whole program and calls one
 * function of it; so nothing but the state passes from step to step.
 */
export function prepareJsQjs(task: GuestTask, engine: CompiledModule): StepRuntime {
  const { program, limits } = task;
  if (program.bytes.length > moduleLimits.moduleBytes)
    throw new TaskFault(
      "PROGRAM_REFUSED",
      `the program has ${program.bytes.length} bytes; ${moduleLimits.moduleBytes} are allowed`,
      0n,
    );
  if (!isUtf8(program.bytes) || program.bytes.includes(0))
    throw new TaskFault("PROGRAM_REFUSED", "the program is not UTF-8 text", 0n);
  if (limits.memoryPages < ENGINE_MEMORY_PAGES)
    throw new TaskFault(
      "MEMORY_LIMIT",
      `JavaScript needs ${ENGINE_MEMORY_PAGES} pages of memory; the contract grants ${limits.memoryPages}`,
      0n,
    );
  const isText = rememberingIsText();
  const begin = (seed: number, budget: bigint, answers: readonly Answered[] = []) =>
    new JsStep({ task, engine, isText, seed, budget, answers });
  return {
    preparationFuel: 0n,
    countSteps(budget) {
      const { state, fuel } = begin(0, budget).run("count", 0, NOTHING);
      return { steps: Number(fromUtf8(state)), fuel };
    },
    runStep(segment, budget) {
      const step = begin(segment.index + 1, budget, segment.answers);
      return withinLimits(step.run("advance", segment.index, segment.preState), segment, task);
    },
  };
}

const NOTHING = new Uint8Array(0);
const PAGE_BYTES = 65_536;

/** Looks at each input once: a program pays for the text that it gets, and not for a refusal. */
function rememberingIsText(): (index: number, input: Uint8Array) => boolean {
  const known = new Map<number, boolean>();
  return (index, input) => {
    const isText = known.get(index) ?? (isUtf8(input) && !input.includes(0));
    known.set(index, isText);
    return isText;
  };
}

interface JsResult {
  readonly state: Uint8Array;
  readonly output: Uint8Array;
  readonly fuel: bigint;
}

function withinLimits(
  { state, output, fuel }: JsResult,
  segment: Segment,
  task: GuestTask,
): StepResult {
  const { stateBytes, outputBytes } = task.limits;
  if (state.length > stateBytes)
    throw new TaskFault(
      "STATE_LIMIT",
      `a state of ${state.length} bytes is larger than the ${stateBytes} allowed`,
      fuel,
    );
  if (segment.outputBefore + output.length > outputBytes)
    throw new TaskFault(
      "OUTPUT_LIMIT",
      `the output is longer than the ${outputBytes} bytes allowed`,
      fuel,
    );
  return { postState: state, output, fuel };
}

/** Thrown through the engine when the step is done: nothing of it needs to run any more. */
class Finished extends Error {
  readonly result: JsResult;

  constructor(result: JsResult) {
    super("the step is done");
    this.result = result;
  }
}

/** The host's functions, in the order in which the prelude takes them. */
const HOST_FUNCTIONS = [
  "inputBytes",
  "inputPiece",
  "inputText",
  "inputSize",
  "finishWithText",
  "finishWithBytes",
  "fail",
] as const;

/** Beside those above, for programs that may ask the world. */
const ASK_WORLD = HOST_FUNCTIONS.length + 1;

/** One step in one engine. */
class JsStep {
  readonly #task: GuestTask;
  readonly #isText: (index: number, input: Uint8Array) => boolean;
  readonly #inputs: InputReader;
  readonly #seed: number;
  readonly #js: JsValues;
  readonly #world: WorldCalls | null;

  constructor(parts: {
    task: GuestTask;
    engine: CompiledModule;
    isText: (index: number, input: Uint8Array) => boolean;
    seed: number;
    budget: bigint;
    /** What the world has said to this step. */
    answers: readonly Answered[];
  }) {
    const { task, engine, isText, seed, budget, answers } = parts;
    this.#task = task;
    this.#isText = isText;
    this.#seed = seed;
    this.#js = new JsValues({
      engine,
      limits: task.limits,
      budget,
      host: (id, argument) => this.#answer(id, argument),
    });
    this.#world = task.mayAsk ? new WorldCalls(this.#js, answers) : null;
    this.#inputs = new InputReader(task.inputs, (fuel) => this.#js.instance.charge(fuel));
  }

  run(what: "count" | "advance", index: number, state: Uint8Array): JsResult {
    try {
      this.#js.instance.run(() => this.#runToEnd(what, index, state));
    } catch (error) {
      if (error instanceof Finished) return error.result;
      throw error;
    }
    throw this.#js.fault(
      "PROGRAM_ERROR",
      "the program waits for something that never happens: a promise of it is never settled",
    );
  }

  #runToEnd(what: "count" | "advance", index: number, state: Uint8Array): void {
    const js = this.#js;
    const host = HOST_FUNCTIONS.map((name, i) => js.newFunction(name, i + 1));
    const numbers = [this.#seed, this.#task.inputs.length].map((number) => js.newNumber(number));
    const prelude = js.evaluate(utf8(JS_PRELUDE), "prelude.js").value;
    const enter = js.call(prelude, [...host, ...numbers]).value;
    this.#world?.enter(ASK_WORLD);
    let program = js.evaluate(this.#task.program.bytes, "program.js");
    if (!program.thrown) program = js.evaluate(utf8(JS_PROGRAM), "program.js");
    if (program.thrown) js.call(enter, [js.newString(utf8("fail")), program.value]);
    const parameters = [js.newNumber(index), js.newString(state)];
    const entered = js.call(enter, [js.newString(utf8(what)), program.value, ...parameters]);
    if (entered.thrown) js.call(enter, [js.newString(utf8("fail")), entered.value]);
    js.runJobs();
    // Counting comes before the run: there is nobody yet who could answer.
    while (what === "advance" && this.#world?.answerAll()) js.runJobs();
  }

  #answer(id: number, argument: (index: number) => number): number {
    const js = this.#js;
    if (id === ASK_WORLD) return this.#world?.hear(argument(0)) ?? 0;
    const index = () => js.numberOf(argument(0));
    switch (HOST_FUNCTIONS[id - 1]) {
      case "inputBytes":
        return js.newBytes(this.#whole(index()));
      case "inputPiece":
        return js.newBytes(
          this.#piece(index(), js.numberOf(argument(1)), js.numberOf(argument(2))),
        );
      case "inputText": {
        const bytes = this.#whole(index());
        return this.#isText(index(), bytes) ? js.newString(bytes) : 0;
      }
      case "inputSize":
        return js.newNumber(this.#inputs.sizeOf(index()));
      case "finishWithText":
        throw this.#finished(js.textOf(argument(0)), js.textOf(argument(1)));
      case "finishWithBytes":
        throw this.#finished(js.textOf(argument(0)), js.bytesOf(argument(1)));
      default:
        throw this.#failed(new TextDecoder().decode(js.textOf(argument(0))).trimEnd());
    }
  }

  #whole(index: number): Uint8Array {
    return this.#inputs.inMemory(index) ?? this.#piece(index, 0, this.#inputs.sizeOf(index));
  }

  /** The prelude sees to it that the numbers are whole and not negative. */
  #piece(index: number, offset: number, length: number): Uint8Array {
    const left = Math.max(0, this.#inputs.sizeOf(index) - offset);
    const bytes = Math.min(length, left);
    // Before anything is brought: there is no room for it in the engine in any case.
    if (bytes > this.#task.limits.memoryPages * PAGE_BYTES)
      throw this.#js.fault(
        "MEMORY_LIMIT",
        `input ${index} is read by ${bytes} bytes at a time, more than the memory that the contract grants: use read(offset, length)`,
      );
    const piece = new Uint8Array(bytes);
    this.#inputs.read(index, offset, piece);
    return piece;
  }

  #finished(state: Uint8Array, output: Uint8Array): Finished {
    const { instance } = this.#js;
    instance.pay(state.length + output.length);
    return new Finished({ state, output, fuel: instance.used });
  }

  /** The engine reports its own limits as errors, which a program may also catch. */
  #failed(description: string): TaskFault {
    if (description.startsWith("InternalError: out of memory"))
      return this.#js.fault(
        "MEMORY_LIMIT",
        "the program needs more memory than the contract grants",
      );
    if (description.startsWith("InternalError: stack overflow"))
      return this.#js.fault("STACK_OVERFLOW", description);
    return this.#js.fault("PROGRAM_ERROR", description);
  }
}
