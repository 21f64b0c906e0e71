import { utf8 } from "@meshwork/foundation";
import type { FaultCode } from "@meshwork/protocol";
import { ATTACK_FUEL, type Attack } from "./attacks-wasm.ts";
import { jsTask, taskOf } from "./tasks.ts";

const js = (title: string, ends: FaultCode | "done", body: string, output?: unknown): Attack => ({
  title,
  ends,
  task: jsTask(`function main(inputs) { ${body} }`, {
    inputs: [utf8("an input"), Uint8Array.of(0xff, 0xfe)],
    limits: { fuel: ATTACK_FUEL },
  }),
  ...(output === undefined ? {} : { output: JSON.stringify(output) }),
});

const loops: readonly Attack[] = [
  js("an endless loop", "OUT_OF_FUEL", "for (;;);"),
  js("endless promises", "OUT_OF_FUEL", "const f = () => Promise.resolve().then(f); return f()"),
  js(
    "an endless generator",
    "OUT_OF_FUEL",
    "function* g() { for (;;) yield 1 } for (const _ of g());",
  ),
  js("a BigInt that squares itself", "OUT_OF_FUEL", "let x = 3n; for (;;) x = x * x"),
  js("a pattern that backtracks", "OUT_OF_FUEL", 'return /(x+x+)+y/.test("x".repeat(40))'),
  js("a sort that never agrees", "OUT_OF_FUEL", "for (;;) [3, 1, 2].sort(() => 1)"),
  js(
    "an endless loop in a getter that JSON calls",
    "OUT_OF_FUEL",
    "return { get a() { for (;;); } }",
  ),
  js(
    "an endless loop where an error is described",
    "OUT_OF_FUEL",
    "const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { for (;;); } }); throw e",
  ),
];

const memory: readonly Attack[] = [
  js(
    "arrays without end",
    "MEMORY_LIMIT",
    "const all = []; for (;;) all.push(new Uint8Array(1e6))",
  ),
  js("one array of a gigabyte", "MEMORY_LIMIT", "return new Uint8Array(2 ** 30).length"),
  js(
    "text that doubles",
    "MEMORY_LIMIT",
    "let s = 'x'; for (;;) { s += s; s.charCodeAt(s.length - 1) }",
  ),
  js("a sparse array of four billion", "OUT_OF_FUEL", "const a = []; a[2 ** 32 - 2] = 1; return a"),
  js(
    "an object of endless keys",
    "OUT_OF_FUEL",
    "const o = {}; for (let i = 0; ; i++) o['key' + i] = String(i).repeat(300)",
  ),
];

const depth: readonly Attack[] = [
  js("a function that calls itself", "STACK_OVERFLOW", "const f = () => f() + 1; return f()"),
  js("JSON nested 100,000 deep", "STACK_OVERFLOW", 'return JSON.parse("[".repeat(1e5))'),
  js("an expression nested 100,000 deep", "STACK_OVERFLOW", 'return eval("(".repeat(1e5))'),
  js("a pattern nested 100,000 deep", "PROGRAM_ERROR", 'return new RegExp("(".repeat(1e5))'),
  js("a value that contains itself", "STACK_OVERFLOW", "const a = []; a[0] = a; return a"),
  js(
    "a proxy of a proxy of a proxy",
    "STACK_OVERFLOW",
    "let p = {}; for (let i = 0; i < 3e3; i++) p = new Proxy(p, {}); return p.x",
  ),
  js(
    "toString that calls itself",
    "STACK_OVERFLOW",
    "const o = { toString() { return '' + o } }; return '' + o",
  ),
];

const floods: readonly Attack[] = [
  js("an output of 30 MB", "MEMORY_LIMIT", 'return "x".repeat(3e7)'),
  js("an output of 2 MB", "OUTPUT_LIMIT", "return new Uint8Array(2e6)"),
  js("an error of 1 MB", "PROGRAM_ERROR", 'throw new Error("x".repeat(1e6))'),
  js(
    "an error that cannot be described",
    "PROGRAM_ERROR",
    "throw new Proxy({}, { get() { throw 1 } })",
  ),
];

const refused: readonly Attack[] = [
  {
    title: "a script of 50 MB",
    ends: "PROGRAM_REFUSED",
    task: taskOf("js-qjs-v1", new Uint8Array(50_000_000).fill(0x20)),
  },
  {
    title: "a script that is not text",
    ends: "PROGRAM_REFUSED",
    task: taskOf("js-qjs-v1", Uint8Array.of(0xff, 0xfe)),
  },
  js("a module", "done", "return import('node:fs').then(() => 'in', () => 'out')", "out"),
  js("WebAssembly of its own", "PROGRAM_ERROR", "return new WebAssembly.Module(new Uint8Array(8))"),
  js("a thread", "PROGRAM_ERROR", "return new Worker('data:text/javascript,1')"),
];

const U = "undefined";
const HOSTS =
  "/process|require|WebAssembly|std|os|fetch|navigator|performance|setTimeout|scriptArgs|print|console|Worker/";

/** Each asks for something of the host's, and finds that it is not there. */
const climbs: readonly Attack[] = [
  js(
    "by the constructor of a constructor",
    "done",
    "return typeof inputs.constructor.constructor('return globalThis')().process",
    U,
  ),
  js(
    "by the constructor of a host's function",
    "done",
    "return typeof inputs[0].bytes.constructor('return this')()?.require",
    U,
  ),
  js(
    "by the constructor of an async function",
    "done",
    "return (async () => {}).constructor('return typeof process')()",
    U,
  ),
  js(
    "by the prototypes of its inputs",
    "done",
    "return [typeof inputs.__proto__.process, typeof inputs[0].__proto__.constructor.process]",
    [U, U],
  ),
  js(
    "by poisoned prototypes",
    "done",
    "Object.prototype.process = 1; Array.prototype.push = Array.prototype.join = () => 'evil'; return inputs.length",
    2,
  ),
  js(
    "by its own prepareStackTrace",
    "done",
    "Error.prepareStackTrace = (_, frames) => frames.map((f) => f.getThis()); return /node:|sandbox|file:/.test(new Error('x').stack)",
    false,
  ),
  js(
    "by a proxy where the host reads",
    "done",
    "return new Proxy({}, { get: (_, key) => typeof key, ownKeys: () => ['a'], getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }) })",
    { a: "string" },
  ),
  js(
    "by a promise of its own",
    "done",
    "return { then(ok) { ok({ then(again) { again('thenable') } }) } }",
    "thenable",
  ),
  js(
    "by a list of all names",
    "done",
    `return { toJSON: () => Object.getOwnPropertyNames(globalThis).filter((name) => ${HOSTS}.test(name)) }`,
    [],
  ),
  js(
    "by eval, direct and not",
    "done",
    "return [eval('typeof process'), typeof (0, eval)('this').process]",
    [U, U],
  ),
  js(
    "by `this` in an iterator",
    "done",
    "return [...{ *[Symbol.iterator]() { yield typeof this.process } }]",
    [U],
  ),
  js(
    "by the places in an error",
    "done",
    "try { null.x } catch (e) { return [e.name, /node|sandbox|file:/.test(e.stack)] }",
    ["TypeError", false],
  ),
  js(
    "by a host's function with other arguments",
    "done",
    "return [inputs[0].text.call(null, 1e9), inputs[0].bytes.apply({ valueOf: () => -1 }).length]",
    ["an input", 8],
  ),
];

/** Each reads what elsewhere differs from run to run. */
const clocks: readonly Attack[] = [
  js(
    "Date.now",
    "done",
    "const a = Date.now(); for (let i = 0; i < 1e5; i++); return [a, Date.now() - a]",
    [0, 0],
  ),
  js(
    "new Date",
    "done",
    "return [new Date().toISOString(), new Date(2024, 6, 1).getTimezoneOffset()]",
    ["1970-01-01T00:00:00.000Z", 0],
  ),
  js(
    "performance and timers",
    "done",
    "return [typeof performance, typeof setTimeout, typeof queueMicrotask]",
    [U, U, U],
  ),
  js(
    "Math.random",
    "done",
    "return [Math.random(), Math.random()]",
    [0.6270739405887983, 0.5274470401883709],
  ),
  js("a counter in shared memory", "done", "return [typeof Worker, typeof Atomics]", [U, U]),
  js(
    "the collector",
    "done",
    "let n = 0; const r = new FinalizationRegistry(() => n++); for (let i = 0; i < 1e4; i++) r.register({}, i); return Promise.resolve().then(() => n)",
    0,
  ),
  js("a weak reference", "done", "return typeof new WeakRef({}).deref()", U),
  js(
    "locale and collation",
    "done",
    "return ['ä'.localeCompare('z'), (1234.5).toLocaleString(), 'I'.toLocaleLowerCase(), typeof Intl]",
    [106, "1234.5", "i", U],
  ),
  js(
    "the depth of the stack",
    "done",
    "const f = (n) => { try { return f(n + 1) } catch { return n } }; return f(0)",
    1358,
  ),
];

export const jsAttacks: Readonly<Record<string, readonly Attack[]>> = {
  "a loop": loops,
  "a bomb": memory,
  "deep recursion": depth,
  "a flood": floods,
  "what is refused": refused,
  "a climb out of JavaScript": climbs,
  "a reading of time or chance": clocks,
};
