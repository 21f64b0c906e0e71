import { fromUtf8, utf8 } from "@meshwork/foundation/bytes";
import { limits } from "@meshwork/foundation/limits";
import type { JsValues } from "./js-values.ts";
import { type Answered, Asking } from "./runtime.ts";

/**
 * Runs inside the engine before the program, for programs that may ask the world; the text costs fuel. Others
 * do not get it, and find no `world`.
 */
const JS_WORLD = `(ask) => {
"use strict";
const { stringify, parse } = JSON;
const waiting = [];
const question = (request) => new Promise((resolve, reject) => {
  ask(stringify(request));
  waiting.push({ resolve, reject });
});
globalThis.world = Object.freeze({
  fetch: (url) => question({ kind: "fetch", url: String(url) }),
  model: (messages, { temperature = 0, maxTokens = 1024, seed = 0 } = {}) =>
    question({ kind: "model", messages, temperature, maxTokens, seed }),
});
return (text) => {
  const { resolve, reject } = waiting.shift();
  const { value, error } = parse(text);
  if (error === undefined) resolve(value);
  else reject(Object.assign(new Error(error.message), { code: error.code }));
};
}`;

/**
 * What one step asks the world. Its questions are answered when nothing else is left to do, all at once
 * and in the order in which they were asked: so the same answers make the same run.
 */
export class WorldCalls {
  readonly #js: JsValues;
  readonly #answers: readonly Answered[];
  #settle = 0;
  #asked = 0;
  #characters = 0;
  /** Fuel of the runs that ended in a question. */
  #spentAsking = 0n;
  #waiting: string[] = [];

  constructor(js: JsValues, answers: readonly Answered[]) {
    this.#js = js;
    this.#answers = answers;
  }

  /** @param id by which the host will know that the program asks. */
  enter(id: number): void {
    const js = this.#js;
    const prelude = js.evaluate(utf8(JS_WORLD), "prelude.js").value;
    this.#settle = js.call(prelude, [js.newFunction("ask", id)]).value;
  }

  /** @throws TaskFault when the program asks too much: that is the same everywhere. */
  hear(request: number): number {
    const text = fromUtf8(this.#js.textOf(request));
    this.#js.instance.pay(text.length);
    this.#asked++;
    this.#characters += text.length;
    if (this.#asked > limits.exchangesPerTask || this.#characters > limits.requestCharacters)
      throw this.#js.fault(
        "PROGRAM_ERROR",
        `a program may ask ${limits.exchangesPerTask} times, in ${limits.requestCharacters} characters`,
      );
    this.#waiting.push(text);
    return 0;
  }

  /**
   * Tells the program what it waits for. False: it waits for nothing.
   * @throws Asking when it was not told all of it, or something else was asked then.
   */
  answerAll(): boolean {
    const requests = this.#waiting;
    this.#waiting = [];
    if (requests.length === 0) return false;
    const first = this.#asked - requests.length;
    const answered = this.#answers.slice(first, this.#asked);
    if (requests.some((request, i) => request !== answered[i]?.request)) throw new Asking(requests);
    this.#payForAsking();
    for (const { answer } of answered)
      this.#js.call(this.#settle, [this.#js.newString(utf8(answer))]);
    return true;
  }

  /**
   * The run that asked this ended here, and all of it was run again: it burnt what this one has burnt
   * by itself so far. Unpaid, 64 questions in turn would have everybody run a task 65 times.
   */
  #payForAsking(): void {
    const { instance } = this.#js;
    const own = instance.used - this.#spentAsking;
    this.#spentAsking += own;
    instance.charge(own);
  }
}
