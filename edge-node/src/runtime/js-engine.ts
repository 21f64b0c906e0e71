import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type InstrumentedModule, instrument } from "./metering/instrument.ts";
import { TaskFault } from "./runtime.ts";

/**
 * QuickJS, compiled to WebAssembly by quickjs-emscripten 0.32.0, and metered like any program. We
 * use its .wasm alone: the JavaScript around it reads the environment and the clock. The engine's
 * bytes are part of what `js-qjs-v1` means, so a test pins their hash: another build, with other
 * fuel and other short names, is another runtime.
 */

/** Reading and rewriting take about 0.1 s: do it once a process. */
export function loadJsEngine(): InstrumentedModule {
  const require = createRequire(import.meta.url);
  const path = require.resolve("@jitl/quickjs-wasmfile-release-sync/wasm");
  return instrument(new Uint8Array(readFileSync(path)), {
    imports: ENGINE_IMPORTS,
    exports: ENGINE_EXPORTS,
    importedMemory: "a.a",
    memoryPages: 1 << 15,
  });
}

/** What the engine is born with: its own data, stack and first heap. */
export const ENGINE_MEMORY_PAGES = 256;

/** The build's short names for the functions that we call, and their signatures. */
export const ENGINE = {
  initialize: "u",
  malloc: "v",
  free: "M",
  newRuntime: "K",
  setMaxStackSize: "D",
  newContext: "N",
  newFunction: "Da",
  newNumber: "Y",
  newString: "_",
  newArrayBuffer: "X",
  getUndefined: "E",
  getNumber: "Z",
  getString: "$",
  getArrayBuffer: "aa",
  getArrayBufferLength: "ba",
  argument: "Ea",
  evaluate: "pa",
  call: "ma",
  resolveException: "na",
  executePendingJob: "ga",
  isJobPending: "fa",
} as const;

const ENGINE_EXPORTS: Readonly<Record<string, string>> = {
  [ENGINE.initialize]: ":",
  [ENGINE.malloc]: "i:i",
  [ENGINE.free]: "i:",
  [ENGINE.newRuntime]: ":i",
  [ENGINE.setMaxStackSize]: "ii:",
  [ENGINE.newContext]: "ii:i",
  [ENGINE.newFunction]: "iiiii:i",
  [ENGINE.newNumber]: "iF:i",
  [ENGINE.newString]: "ii:i",
  [ENGINE.newArrayBuffer]: "iii:i",
  [ENGINE.getUndefined]: ":i",
  [ENGINE.getNumber]: "ii:F",
  [ENGINE.getString]: "ii:i",
  [ENGINE.getArrayBuffer]: "ii:i",
  [ENGINE.getArrayBufferLength]: "ii:i",
  [ENGINE.argument]: "ii:i",
  [ENGINE.evaluate]: "iiiiii:i",
  [ENGINE.call]: "iiiii:i",
  [ENGINE.resolveException]: "ii:i",
  [ENGINE.executePendingJob]: "iii:i",
  [ENGINE.isJobPending]: "i:i",
};

const ENGINE_IMPORTS: Readonly<Record<string, string>> = {
  "a.b": "iiii:",
  "a.c": "iiii:i",
  "a.d": "i:i",
  "a.e": "ii:i",
  "a.f": "ii:i",
  "a.g": "iiii:i",
  "a.h": "iii:i",
  "a.i": "i:i",
  "a.j": "iF:i",
  "a.k": "i:i",
  "a.l": ":",
  "a.m": "Ii:",
  "a.n": "iiii:",
  "a.o": "iIii:i",
  "a.p": ":F",
  "a.q": ":",
  "a.r": "i:",
  "a.s": "iiiii:i",
  "a.t": "ii:",
};

/** Called by the engine when the program calls function number `id`; gives a value's address or 0. */
export type GuestCall = (
  context: number,
  argumentCount: number,
  values: number,
  id: number,
) => number;

/**
 * The engine's whole world: no clock but 1970, no time zone but UTC, no environment, no files, no
 * timers, no modules, and no more memory than it was born with.
 */
export function engineWorld(memory: WebAssembly.Memory, onCall: GuestCall): WebAssembly.Imports {
  const zero = (address: number, length: number) => {
    new Uint8Array(memory.buffer, address >>> 0, length).fill(0);
  };
  const giveUp = () => {
    throw new TaskFault("TRAP", "the JavaScript engine gave up", null);
  };
  const a = {
    a: memory,
    b: giveUp, // assertion failed
    q: giveUp, // abort
    r: giveUp, // exit
    e: () => 0, // environ_get
    f: (count: number, size: number) => {
      zero(count, 4);
      zero(size, 4);
      return 0;
    },
    c: () => BAD_FILE, // fd_write
    d: () => BAD_FILE, // fd_close
    o: () => BAD_FILE, // fd_seek
    m: (_time: bigint, address: number) => zero(address, 44), // localtime: only the offset is read
    n: (zone: number, daylight: number, name: number, summerName: number) => {
      zero(zone, 4);
      zero(daylight, 4);
      zero(name, 1);
      zero(summerName, 1);
    },
    p: () => 0, // Date.now
    j: () => 0, // setitimer
    l: () => {}, // keep the process alive
    k: () => 0, // grow the heap: refused, so that nothing depends on the host's memory
    i: () => 0, // interrupt? never: fuel does it
    g: () => 0, // modules: none
    h: () => 0,
    s: (context: number, _self: number, count: number, values: number, id: number) =>
      onCall(context, count, values, id),
    t: () => {}, // a function was freed
  };
  return { a };
}

/** WASI's EBADF. */
const BAD_FILE = 8;
