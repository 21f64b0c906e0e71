import { createHash } from "node:crypto";
import { fromUtf8, utf8 } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { loadJsEngine } from "./js-engine.ts";
import { JS_PRELUDE, JS_PROGRAM } from "./js-prelude.ts";
import { compile } from "./metered-instance.ts";
import { openTask } from "./open-task.ts";
import type { SegmentOutcome, Task } from "./runtime.ts";
import { firstSegment, jsTask, taskOf } from "./testing/tasks.ts";

const instrumented = loadJsEngine();
const engine = compile(instrumented);
const runOnly = (task: Task): SegmentOutcome => openTask(task, engine).runSegment(firstSegment);
const textOf = (outcome: SegmentOutcome): string =>
  outcome.kind === "done" ? fromUtf8(outcome.output) : `${outcome.code}: ${outcome.message}`;
const main = (body: string, inputs: readonly Uint8Array[] = []) =>
  textOf(runOnly(jsTask(`function main(inputs) { ${body} }`, { inputs })));

describe("an input that is a file", () => {
  const content = Uint8Array.from({ length: (2 << 20) + 5 }, (_, i) => 97 + (i % 26));
  const file = {
    sizeBytes: content.length,
    chunk: (index: number) => content.subarray(index << 20, (index + 1) << 20),
  };
  const over = (body: string, limits = {}) => {
    const task = jsTask(`function main(inputs) { ${body} }`, { limits });
    return textOf(openTask({ ...task, inputs: [file] }, engine).runSegment(firstSegment));
  };

  test("is read in pieces, or as a whole where that fits", () => {
    const read = "String.fromCharCode(...inputs[0].read(2097150, 99))";
    const tail = new TextDecoder().decode(content.subarray(2_097_150));
    expect(over(`return inputs[0].size + ${read}`)).toBe(`"2097157${tail}"`);
    expect(over("return inputs[0].read(9999999, 4).length")).toBe("0");
    expect(over("return [inputs[0].bytes().length, inputs[0].text().length]")).toBe(
      `[${content.length},${content.length}]`,
    );
    expect(over("inputs[0].read(-1, 4)")).toMatch(/^PROGRAM_ERROR: TypeError: read\(offset/);
  });

  test("is more than the memory that was granted: then the program must read it in pieces", () => {
    const task = jsTask("function main(inputs) { inputs[0].bytes() }");
    const large = { sizeBytes: 2 ** 32 - 1, chunk: () => new Uint8Array(1 << 20) };
    const outcome = openTask({ ...task, inputs: [large] }, engine).runSegment(firstSegment);
    expect(textOf(outcome)).toMatch(/^MEMORY_LIMIT: input 0 is read by 4294967295 bytes/);
  });
});

describe("a program", () => {
  test("defines main, whose value becomes JSON with sorted keys", () => {
    expect(main('return { b: [1.5, null, "é"], a: { "10": 1, "9": 2, z: undefined } }')).toBe(
      '{"a":{"10":1,"9":2},"b":[1.5,null,"é"]}',
    );
    expect(main("return { date: new Date(5), f() {}, list: [undefined, () => 1] }")).toBe(
      '{"date":"1970-01-01T00:00:00.005Z","list":[null,null]}',
    );
    expect(main("return new Uint8Array([104, 105])")).toBe("hi");
    expect(main("return undefined")).toBe("");
    expect(main("return 1n")).toMatch(/^PROGRAM_ERROR: TypeError/);
  });

  test("may be asynchronous, and may be a constant", () => {
    const source = "const main = async () => { await null; return [await Promise.resolve(7)] }";
    expect(textOf(runOnly(jsTask(source)))).toBe("[7]");
  });

  test("reads its inputs as bytes, text or JSON", () => {
    const inputs = [utf8('{"x": "ü"}'), Uint8Array.of(0xff), utf8("a\0b")];
    expect(main("return inputs.map((input) => input.size)", inputs)).toBe("[11,1,3]");
    expect(main("return [inputs[0].json().x, inputs[0].text().length]", inputs)).toBe('["ü",10]');
    expect(main("return [...inputs[1].bytes(), ...inputs[2].bytes()]", inputs)).toBe(
      "[255,97,0,98]",
    );
    expect(main("return inputs[1].text()", inputs)).toContain("input 1 is not UTF-8 text");
    expect(main("return inputs[2].text()", inputs)).toContain("U+0000");
  });

  test("may have steps, between which only the state passes", () => {
    const session = openTask(
      jsTask(
        `let calls = 0;
        const steps = (inputs) => inputs[0].json();
        function step(index, state, inputs) {
          const sum = (state?.sum ?? 0) + index;
          return { state: { sum, before: state }, output: [index, sum, ++calls] };
        }`,
        { inputs: [utf8("3")] },
      ),
      engine,
    );
    expect(session.steps).toBe(3);
    const second = session.runSegment({ ...firstSegment, index: 1, preState: utf8('{"sum":5}') });
    expect(second).toMatchObject({
      postState: utf8('{"before":{"sum":5},"sum":6}'),
      output: utf8("[1,6,1]"),
    });
    expect(session.runSegment({ ...firstSegment, index: 1, preState: utf8('{"sum":5}') })).toEqual(
      second,
    );
  });

  test("gets an error that names the place in its own source", () => {
    const outcome = textOf(
      runOnly(jsTask('const main = () => {\n  throw new RangeError("too far");\n}')),
    );
    expect(outcome).toBe("PROGRAM_ERROR: RangeError: too far\n    at main (program.js:2:23)");
    expect(textOf(runOnly(jsTask("function main( {")))).toContain("SyntaxError");
    expect(textOf(runOnly(jsTask("let x = 1")))).toContain("defines either main(inputs)");
    expect(textOf(runOnly(jsTask("throw { why: 1 }")))).toBe('PROGRAM_ERROR: thrown: {"why":1}');
    expect(main("return new Promise(() => {})")).toContain("never settled");
  });
});

describe("the world of a program", () => {
  test("has no clock but 1970 and no chance but the step's number", () => {
    expect(main("return [Date.now(), new Date().getTimezoneOffset(), String(new Date())]")).toBe(
      '[0,0,"Thu Jan 01 1970 00:00:00 GMT+0000"]',
    );
    const rolls =
      "const steps = () => 3; const step = (k, s) => ({ output: [Math.random(), Math.random()] })";
    const session = openTask(jsTask(rolls), engine);
    const roll = (index: number) => textOf(session.runSegment({ ...firstSegment, index }));
    expect(roll(1)).toBe(roll(1));
    expect(new Set([roll(0), roll(1), roll(2)]).size).toBe(3);
    expect(roll(0)).toMatch(/^\[0\.\d+,0\.\d+\]$/);
  });

  test("holds nothing of the host's, however one climbs", () => {
    const names = [
      "process",
      "require",
      "fetch",
      "setTimeout",
      "WebAssembly",
      "std",
      "os",
      "scriptArgs",
      "navigator",
    ];
    expect(main(`return ${JSON.stringify(names)}.filter((name) => name in globalThis)`)).toBe("[]");
    const climb = `const top = inputs[0].bytes.constructor.constructor("return globalThis")();
      return [typeof top.process, top === globalThis, typeof inputs.constructor.constructor("return this")().main]`;
    expect(main(climb, [utf8("x")])).toBe('["undefined",true,"function"]');
  });

  test("lets a program spoil only its own result", () => {
    const spoiled = `Array.prototype.map = JSON.stringify = Object.keys = Promise.prototype.then = () => "spoiled";
      return { a: 1 }`;
    const outcome = main(spoiled);
    expect(outcome).toBe(main(spoiled));
    expect(main("return { a: 1 }")).toBe('{"a":1}');
  });
});

describe("a program that means harm", () => {
  const cases: [title: string, code: string, body: string][] = [
    ["loops for ever", "OUT_OF_FUEL", "for (;;);"],
    [
      "loops in promises",
      "OUT_OF_FUEL",
      "const again = () => Promise.resolve().then(again); return again()",
    ],
    [
      "squares a BigInt, which never looks at an interrupt",
      "OUT_OF_FUEL",
      "let x = 3n; for (;;) x = x * x;",
    ],
    ["lets a pattern backtrack", "OUT_OF_FUEL", 'return /(x+x+)+y/.test("x".repeat(40))'],
    ["keeps allocating", "MEMORY_LIMIT", "const all = []; for (;;) all.push(new Uint8Array(1e6))"],
    ["asks for the sky", "MEMORY_LIMIT", "return new Uint8Array(2 ** 30).length"],
    ["calls itself for ever", "STACK_OVERFLOW", "const f = () => f() + 1; return f()"],
    ["writes too much", "OUTPUT_LIMIT", "return new Uint8Array(2e6)"],
    ["keeps too large a state", "STATE_LIMIT", ""],
  ];

  test.each(cases)("%s: %s", (_title, code, body) => {
    const source =
      code === "STATE_LIMIT"
        ? 'const steps = () => 1; const step = () => ({ state: "x".repeat(1.1e6) })'
        : `function main() { ${body} }`;
    const task = jsTask(source, { limits: { fuel: 300_000_000n } });
    const outcome = runOnly(task);
    expect(textOf(outcome).split(":")[0]).toBe(code);
    expect(runOnly(task)).toEqual(outcome);
  });

  test("is refused when it is not text, and when there is no room for the engine", () => {
    const binary = taskOf("js-qjs-v1", Uint8Array.of(0xff, 0xfe));
    expect(textOf(runOnly(binary))).toMatch(/^PROGRAM_REFUSED/);
    const cramped = jsTask("function main() {}", { limits: { memoryPages: 255 } });
    expect(textOf(runOnly(cramped))).toMatch(/^MEMORY_LIMIT/);
    const poor = jsTask("function main() {}", { limits: { fuel: 1_000n } });
    expect(runOnly(poor)).toMatchObject({ code: "OUT_OF_FUEL", fuel: 1_000n });
  });

  test("cannot be given more than it has memory for", () => {
    expect(main("return inputs[0].bytes().length", [new Uint8Array(40 << 20)])).toMatch(
      /^MEMORY_LIMIT/,
    );
  });
});

/**
 * These bytes are what `js-qjs-v1` means: with others, the same program uses other fuel, and nodes of
 * two versions would call each other liars. To change one is to make a `js-qjs-v2`.
 */
describe("the meaning of js-qjs-v1", () => {
  const hashOf = (bytes: Uint8Array) =>
    createHash("sha256").update(bytes).digest("hex").slice(0, 32);

  test("is the metered engine, the prelude and the host's charges", () => {
    expect(hashOf(instrumented.wasm)).toBe("fdaa791bc08efb35cccc29942e13a9bb");
    expect(hashOf(utf8(JS_PRELUDE + JS_PROGRAM))).toBe("525f5be48d9b18876babf19d9b1a5dbb");
    const outcome = runOnly(
      jsTask("function main(inputs) { return inputs[0].json().list.map((n) => n * Math.PI) }", {
        inputs: [utf8('{"list":[1,2,3.5,-0.1]}')],
      }),
    );
    expect(textOf(outcome)).toBe(
      "[3.141592653589793,6.283185307179586,10.995574287564276,-0.3141592653589793]",
    );
    expect(outcome.fuel).toBe(18_235_935n);
  });
});
