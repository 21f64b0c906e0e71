import { InputReader } from "./input-reader.ts";
import { compile, MeteredInstance } from "./metered-instance.ts";
import { instrument } from "./metering/instrument.ts";
import { type GuestTask, TaskFault } from "./runtime.ts";
import type { StepResult, StepRuntime } from "./step-runtime.ts";
import { archiveOf } from "./wasi/archive.ts";
import { CommandExit, wasiCalls } from "./wasi/calls.ts";
import { argumentsOf } from "./wasi/command-line.ts";
import { Descriptors } from "./wasi/descriptors.ts";
import { ERRNO, WasiError } from "./wasi/errno.ts";
import { FileTable, inputFile, OwnFile } from "./wasi/files.ts";
import { Guest } from "./wasi/guest.ts";
import { WASI_SIGNATURES, type WasiCall } from "./wasi/signatures.ts";

const MODULE = "wasi_snapshot_preview1";
const IMPORTS = Object.fromEntries(
  Object.entries(WASI_SIGNATURES).map(([name, signature]) => [`${MODULE}.${name}`, signature]),
);
const EXPORTS = { _start: ":" };

/** The same as for `wasm-step-v1`: what is done with a byte of program is the same. */
const FUEL_PER_PROGRAM_BYTE = 100n;
const STDERR_BYTES = 800;

/**
 * A command for WASI preview 1 is a task of one step. Its world is made of the task alone: standard input is input 0,
 * files are inputs and memory, time is fuel, and chance has a fixed seed.
 *
 * @throws ModuleError when the program is refused.
 */
export function prepareWasiCommand(task: GuestTask): StepRuntime {
  const { bytes } = task.program;
  const { memoryPages } = task.limits;
  const compiled = compile(instrument(bytes, { imports: IMPORTS, exports: EXPORTS, memoryPages }));
  const commandLine = argumentsOf(bytes);
  return {
    preparationFuel: FUEL_PER_PROGRAM_BYTE * BigInt(bytes.length),
    countSteps: () => ({ steps: 1, fuel: 0n }),
    runStep(_segment, budget): StepResult {
      const run = new CommandRun(task, commandLine);
      const instance = new MeteredInstance(compiled, (made) => ({ [MODULE]: run.imports(made) }), {
        fuel: budget,
        stack: task.limits.stackDepth,
      });
      return run.toEnd(instance);
    },
  };
}

/** One command, from its start to what it leaves. */
class CommandRun {
  readonly #task: GuestTask;
  readonly #commandLine: readonly Uint8Array[];
  readonly #inputs: InputReader;
  readonly #files: FileTable;
  readonly #output: OwnFile;
  readonly #errors: OwnFile;
  #charge: (fuel: bigint) => void = () => {};
  #used: () => bigint = () => 0n;
  #writtenBytes = 0;

  constructor(task: GuestTask, commandLine: readonly Uint8Array[]) {
    const grow = (bytes: number) => this.#grow(bytes);
    this.#task = task;
    this.#commandLine = commandLine;
    this.#inputs = new InputReader(task.inputs, (fuel) => this.#charge(fuel));
    this.#files = new FileTable(this.#inputs, grow);
    this.#output = new OwnFile(grow);
    this.#errors = new OwnFile(grow);
  }

  imports(instance: MeteredInstance): WebAssembly.ModuleImports {
    this.#charge = (fuel) => instance.charge(fuel);
    this.#used = () => instance.used;
    const guest = new Guest(instance);
    const input = inputFile(this.#inputs, 0);
    const streams = { input, output: this.#output, errors: this.#errors };
    const calls = wasiCalls({
      guest,
      files: this.#files,
      descriptors: new Descriptors(this.#files, streams),
      arguments: this.#commandLine,
      random: randomBytes(),
    });
    const names = Object.keys(WASI_SIGNATURES) as WasiCall[];
    return Object.fromEntries(
      names.map((name) => [
        name,
        (...parameters: never[]) => {
          guest.payForCall();
          return errnoOf(calls[name], parameters);
        },
      ]),
    );
  }

  toEnd(instance: MeteredInstance): StepResult {
    try {
      instance.run(() => instance.call("_start"));
    } catch (error) {
      if (!(error instanceof CommandExit)) throw error;
      if (error.code !== 0) throw this.#failed(error.code);
    }
    const output = this.#result();
    const { outputBytes } = this.#task.limits;
    if (output.length > outputBytes) throw this.#tooMuch();
    instance.run(() => instance.pay(output.length));
    return { postState: new Uint8Array(0), output, fuel: instance.used };
  }

  /** Standard output alone, or an archive of it and of all files in `/out` when there are any. */
  #result(): Uint8Array {
    const files = this.#files.ownFilesBelow("out");
    const output = this.#output.content;
    if (files.length === 0) return output.slice();
    return archiveOf([
      ...files.map(([path, file]) => [`out/${path}`, file.content] as const),
      ...(output.length === 0 ? [] : [["stdout", output] as const]),
    ]);
  }

  /** All that a command writes, it holds in the host's memory: so all of it counts as output. */
  #grow(bytes: number): void {
    this.#writtenBytes += bytes;
    if (this.#writtenBytes > this.#task.limits.outputBytes) throw this.#tooMuch();
    if (bytes > 0) this.#charge(BigInt(bytes));
  }

  #tooMuch(): TaskFault {
    const { outputBytes } = this.#task.limits;
    return new TaskFault(
      "OUTPUT_LIMIT",
      `what the command writes is more than the ${outputBytes} bytes allowed`,
      this.#used(),
    );
  }

  #failed(code: number): TaskFault {
    const said = new TextDecoder().decode(this.#errors.content.subarray(0, STDERR_BYTES)).trimEnd();
    const message = `the command left with code ${code}${said === "" ? "" : `: ${said}`}`;
    return new TaskFault("PROGRAM_ERROR", message, this.#used());
  }
}

function errnoOf(
  call: ((...parameters: never[]) => void) | undefined,
  parameters: never[],
): number {
  try {
    if (!call) return ERRNO.notSupported;
    call(...parameters);
    return ERRNO.success;
  } catch (error) {
    if (error instanceof WasiError) return error.errno;
    throw error;
  }
}

/** Not chance but its look: the same row of bytes in every run (mulberry32). */
function randomBytes(): () => number {
  let state = 1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) & 0xff;
  };
}
