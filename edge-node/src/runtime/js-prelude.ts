/**
 * Runs inside the engine before the program: it makes `inputs`, gives `Math.random` its seed, calls
 * the program's functions and turns what they return into bytes. It holds no secret and guards
 * nothing (the sandbox does): a program that tampers with it can only spoil its own result.
 *
 * Its text costs fuel, so it is part of what `js-qjs-v1` means; a test pins its hash.
 *
 * Each call ends in one of the last three functions of the host, none of which returns.
 */
export const JS_PRELUDE = `(inputBytes, inputPiece, inputText, inputSize, finishWithText, finishWithBytes, fail, seed, inputCount) => {
"use strict";
const { stringify, parse } = JSON;

const inputs = Object.freeze(Array.from({ length: inputCount }, (_, index) => {
  const text = () => {
    const value = inputText(index);
    if (value === undefined)
      throw new TypeError("input " + index + " is not UTF-8 text, or contains U+0000; use bytes()");
    return value;
  };
  return Object.freeze({
    size: inputSize(index),
    bytes: () => new Uint8Array(inputBytes(index)),
    read: (offset, length) => {
      if (![offset, length].every((number) => Number.isSafeInteger(number) && number >= 0))
        throw new TypeError("read(offset, length) takes whole numbers from 0 on");
      return new Uint8Array(inputPiece(index, offset, length));
    },
    text,
    json: () => parse(text()),
  });
}));

let state32 = seed | 0;
const next32 = () => {
  state32 = (state32 + 0x6d2b79f5) | 0;
  let t = Math.imul(state32 ^ (state32 >>> 15), 1 | state32);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return (t ^ (t >>> 14)) >>> 0;
};
Math.random = () => (next32() * 2097152 + (next32() >>> 11)) / 9007199254740992;

// JSON.stringify with the keys of every object sorted, in one pass. Undefined where it would be.
const canonical = (given) => {
  const value = typeof given?.toJSON === "function" ? given.toJSON() : given;
  if (value === null || typeof value !== "object" || isBoxed(value)) return stringify(value);
  if (Array.isArray(value)) {
    const items = Array.from(value, (item) => canonical(item) ?? "null");
    return "[" + items.join(",") + "]";
  }
  const members = [];
  for (const key of Object.keys(value).sort()) {
    const text = canonical(value[key]);
    if (text !== undefined) members.push(stringify(key) + ":" + text);
  }
  return "{" + members.join(",") + "}";
};
const isBoxed = (value) =>
  value instanceof Number || value instanceof String || value instanceof Boolean;
const toJson = (value, what) => {
  const text = canonical(value);
  if (text === undefined) throw new TypeError(what + " cannot be written as JSON");
  return text;
};
const finish = (state, output) => {
  if (output instanceof Uint8Array) finishWithBytes(state, output.slice().buffer);
  finishWithText(state, output === undefined ? "" : toJson(output, "the output"));
};

const described = (error) => {
  try {
    if (!(error instanceof Error)) return "thrown: " + toJson(error, "what was thrown");
    const frames = String(error.stack ?? "").split("\\n");
    const theirs = frames.filter((frame) => !frame.includes("(prelude.js:"));
    return [error.name + ": " + error.message, ...theirs].join("\\n");
  } catch {
    return "thrown: something that cannot be described";
  }
};

const whole = ({ main, steps, step }) => {
  if (main && !steps && !step)
    return { steps: () => 1, step: async () => ({ output: await main(inputs) }) };
  if (steps && step && !main) return { steps, step };
  throw new TypeError(
    "a program defines either main(inputs), or steps(inputs) and step(index, state, inputs)");
};
const count = async (program) => {
  const steps = await whole(program).steps(inputs);
  if (!Number.isSafeInteger(steps) || steps < 0)
    throw new TypeError("steps(inputs) must return a whole number");
  finish(String(steps));
};
const advance = async (program, index, state) => {
  const isMain = Boolean(program.main);
  const result = await whole(program).step(index, state === "" ? null : parse(state), inputs);
  if (result === null || typeof result !== "object")
    throw new TypeError("step(index, state, inputs) must return { state, output }");
  finish(isMain ? "" : toJson(result.state ?? null, "the state"), result.output);
};

return (what, value, index, state) => {
  if (what === "fail") fail(described(value));
  const work = what === "count" ? count(value) : advance(value, index, state);
  work.catch((error) => fail(described(error)));
};
}`;

/** Evaluated after the program, as a script of its own: so it sees \`const main = …\` too. */
export const JS_PROGRAM = `({
main: typeof main === "function" ? main : undefined,
steps: typeof steps === "function" ? steps : undefined,
step: typeof step === "function" ? step : undefined,
})`;
