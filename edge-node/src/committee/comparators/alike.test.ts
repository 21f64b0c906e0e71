import { utf8 } from "@meshwork/foundation";
import type { Comparator } from "@meshwork/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alikeUnder } from "./alike.ts";

const nobody = () => Promise.reject(new Error("no module is needed"));
const under = (comparator: Comparator) => alikeUnder(comparator, nobody);
const texts = (comparator: Comparator) => (a: string, b: string) =>
  under(comparator)(utf8(a), utf8(b));

const json: Comparator = { kind: "canonical-json" };
const near: Comparator = { kind: "numeric", encoding: "json", absolute: "0.5", relative: "1e-3" };
const doubles: Comparator = { kind: "numeric", encoding: "f64le", absolute: "0", relative: "1e-9" };
const lines: Comparator = { kind: "set", of: "lines" };
const elements: Comparator = { kind: "set", of: "json" };
const words: Comparator = { kind: "token-set", leastPermille: 500 };
const all: [string, Comparator][] = Object.entries({
  ...{ exact: { kind: "exact" }, json, near, doubles, lines, elements, words },
} satisfies Record<string, Comparator>);

const bytesOf = (...numbers: number[]) => new Uint8Array(new Float64Array(numbers).buffer);

/** Whatever a worker may hand in: bytes, text, JSON, doubles. */
const output = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.string({ unit: "binary", maxLength: 40 }).map(utf8),
  fc.json({ maxDepth: 4 }).map(utf8),
  fc.array(fc.double(), { maxLength: 5 }).map((row) => bytesOf(...row)),
  fc.array(fc.double({ noNaN: true }), { maxLength: 5 }).map((row) => utf8(JSON.stringify(row))),
);

describe("every comparator", () => {
  test.each(all)("%s: whatever is compared is like itself", async (_, comparator) => {
    await fc.assert(
      fc.asyncProperty(output, async (a) => under(comparator)(a, a.slice())),
      { numRuns: 100 },
    );
  });

  test.each(all)("%s: it does not matter who comes first", async (_, comparator) => {
    const alike = under(comparator);
    await fc.assert(
      fc.asyncProperty(output, output, async (a, b) => (await alike(a, b)) === (await alike(b, a))),
      { numRuns: 200 },
    );
  });
});

describe("canonical JSON", () => {
  test.each([
    ["order of names", '{"b":1,"a":[2]}', '{ "a" : [2], "b" : 1 }'],
    ["spelling of numbers", "[100, 0.5, 0]", "[1e2,5E-1,-0]"],
    ["spelling of texts", '"\\u0041\\/"', '"A/"'],
    [
      "a name that means something to JavaScript",
      '{"__proto__":{"a":1}}',
      '{"__proto__":{"a":1} }',
    ],
  ])("does not see the %s", async (_, a, b) => {
    expect(await texts(json)(a, b)).toBe(true);
  });

  test.each([
    ["another order of elements", "[1,2]", "[2,1]"],
    ["another number", "[0.1]", "[0.10000000000000002]"],
    ["a name that comes twice", '{"a":1,"a":2}', '{"a":2}'],
    ["a name twice, deep in it", '[{"a":[{"b":1,"b":1}]}]', '[{"a":[{"b":1}]}]'],
    ["half a surrogate pair", '["\\ud800"]', '[ "\\ud800"]'],
    ["a number that no double holds", "[1e999]", "[ 1e999]"],
    ["what is no JSON", "{a:1}", "{a: 1}"],
    ["a byte order mark", "\ufeff[1]", "[1]"],
    ["an array for an object", "[]", "{}"],
    ["__proto__ for nothing", '{"__proto__":{}}', "{}"],
  ])("sees %s", async (_, a, b) => {
    expect(await texts(json)(a, b)).toBe(false);
  });

  test("agrees with any spelling of the same value", async () => {
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 5 }), async (value) =>
        texts(json)(JSON.stringify(value), JSON.stringify(value, null, 2)),
      ),
      { numRuns: 200 },
    );
  });

  test("looks neither into what is too deep nor into what is too long", async () => {
    const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(await texts(json)(nested(256), ` ${nested(256)}`)).toBe(true);
    for (const depth of [257, 1_000_000])
      expect(await texts(json)(nested(depth), ` ${nested(depth)}`)).toBe(false);
    const long = `"${"a".repeat(4 << 20)}"`;
    expect(await texts(json)(long, ` ${long}`)).toBe(false);
    expect(await texts(json)(long, long)).toBe(true);
  });
});

describe("numbers", () => {
  test("may differ by the absolute or by the relative tolerance, whichever is more", async () => {
    const alike = texts(near);
    expect(await alike("[0, 1000]", "[0.5, 1001]")).toBe(true);
    expect(await alike("[0]", "[0.500001]")).toBe(false);
    expect(await alike("[1000]", "[1001.01]")).toBe(false);
    expect(await alike('{"price":[1,"euro"]}', '{"price":[1.2,"euro"]}')).toBe(true);
    expect(await alike('{"price":[1,"euro"]}', '{"price":[1.2,"yen"]}')).toBe(false);
    expect(await alike("[1,2]", "[1]")).toBe(false);
    expect(await alike('{"0":1}', "[1]")).toBe(false);
    expect(await alike("[1]", '["1"]')).toBe(false);
  });

  test("as doubles: NaN is like NaN, -0 like 0, an infinity like itself alone", async () => {
    const alike = under(doubles);
    const otherNaN = new Uint8Array([1, 0, 0, 0, 0, 0, 0xf8, 0xff]);
    expect(await alike(bytesOf(Number.NaN), otherNaN)).toBe(true);
    expect(await alike(bytesOf(-0), bytesOf(0))).toBe(true);
    expect(await alike(bytesOf(Infinity), bytesOf(-Infinity))).toBe(false);
    expect(await alike(bytesOf(Infinity), bytesOf(Number.MAX_VALUE))).toBe(false);
    expect(await alike(bytesOf(Number.NaN), bytesOf(0))).toBe(false);
    expect(await alike(bytesOf(1), bytesOf(1 + 1e-10))).toBe(true);
    expect(await alike(bytesOf(1), bytesOf(1 + 1e-8))).toBe(false);
    expect(await alike(bytesOf(1), new Uint8Array([0]))).toBe(false);
    // A piece of a larger buffer need not begin at a multiple of eight.
    expect(await alike(new Uint8Array(9).fill(0).subarray(1), bytesOf(-0))).toBe(true);
  });
});

describe("sets and words", () => {
  test("count each member as often as it stands there, and not where", async () => {
    expect(await texts(lines)("b\na\na\n", "a\nb\na")).toBe(true);
    expect(await texts(lines)("a\na\nb", "a\nb\nb")).toBe(false);
    expect(await texts(lines)("a\n\n", "a\n")).toBe(false);
    expect(await texts(elements)('[{"a":1,"b":2},3]', '[3,{"b":2,"a":1}]')).toBe(true);
    expect(await texts(elements)("[1,1]", "[1]")).toBe(false);
    expect(await texts(elements)('{"0":1}', '{"0": 1}')).toBe(false);
  });

  test("any order of lines is the same set", async () => {
    const line = fc.stringMatching(/^[a-c]{0,3}$/);
    await fc.assert(
      fc.asyncProperty(fc.array(line, { minLength: 1 }), async (row) => {
        // An end behind each line, so that an empty last one counts.
        const text = (of: string[]) => of.map((each) => `${each}\n`).join("");
        return texts(lines)(text(row), text(row.toReversed()));
      }),
    );
  });

  test("are not looked for in what is too long: two outputs must not stop a verifier for seconds", async () => {
    const most = "a\n".repeat(2 << 20);
    for (const comparator of [lines, words]) {
      expect(await texts(comparator)(most, most.slice(0, -1))).toBe(true);
      expect(await texts(comparator)(`${most}\n`, most)).toBe(false);
      expect(await texts(comparator)(`${most}\n`, `${most}\n`)).toBe(true);
    }
  });

  test("texts are alike that share enough of their words", async () => {
    const alike = texts(words);
    expect(await alike("The cat sat, here.", "here the cat slept")).toBe(true); // 3 of 5
    expect(await alike("the cat sat", "the dog ran")).toBe(false); // 1 of 5
    expect(await alike("Äpfel", "äpfel")).toBe(false); // ASCII alone is known.
    expect(await alike("...", " ")).toBe(true);
    expect(await alike("...", "word")).toBe(false);
  });
});

describe("a program of the requester's", () => {
  const module: Comparator = {
    kind: "wasm",
    module: { contentId: "unused" as never, sizeBytes: 1 },
  };
  const saying = (answer: (inputs: readonly Uint8Array[]) => string | null) =>
    alikeUnder(module, async (inputs) => {
      const said = answer(inputs);
      return said === null ? null : utf8(said);
    });
  const [a, b] = [utf8("a"), utf8("bb")];

  test("must say yes both ways round, and by that one byte", async () => {
    expect(await saying(() => "1")(a, b)).toBe(true);
    for (const other of ["0", "", "11", "true", null])
      expect(await saying(() => other)(a, b)).toBe(false);
    expect(await saying(([first]) => (first === a ? "1" : "0"))(a, b)).toBe(false);
    expect(await saying(([first]) => (first === b ? "1" : "0"))(a, b)).toBe(false);
  });

  test("is not asked about outputs that are the same", async () => {
    expect(await alikeUnder(module, nobody)(a, utf8("a"))).toBe(true);
  });
});
