import { describe, expect, test } from "vitest";
import { boundedBacklog } from "./bounded-backlog.ts";

async function* upTo(n: number) {
  for (let i = 1; i <= n; i++) yield i;
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("a bounded backlog", () => {
  test("gives a quick reader everything, in order", async () => {
    const seen: number[] = [];
    for await (const item of boundedBacklog(() => upTo(5), { size: 10, signal: undefined }))
      seen.push(item);
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test("lets a slow reader miss the middle, never the last", async () => {
    const items = boundedBacklog(() => upTo(1_000), { size: 3, signal: undefined });
    const seen = [(await items.next()).value];
    await turn();
    for await (const item of items) seen.push(item);
    expect(seen.length).toBeLessThanOrEqual(4);
    expect(seen.at(-1)).toBe(1_000);
  });

  test("passes a failure of its source on, after what came before it", async () => {
    async function* failing() {
      yield 1;
      throw new Error("lost");
    }
    const seen: number[] = [];
    const reading = async () => {
      for await (const item of boundedBacklog(failing, { size: 3, signal: undefined }))
        seen.push(item);
    };
    await expect(reading()).rejects.toThrow("lost");
    expect(seen).toEqual([1]);
  });

  test("ends with its signal and with its reader, and so does the source", async () => {
    let ended = 0;
    async function* endless(signal: AbortSignal) {
      yield 1;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      ended++;
    }
    const abort = new AbortController();
    const items = boundedBacklog(endless, { size: 3, signal: abort.signal });
    expect((await items.next()).value).toBe(1);
    const waiting = items.next();
    abort.abort();
    expect((await waiting).done).toBe(true);
    for await (const _ of boundedBacklog(endless, { size: 3, signal: undefined })) break;
    await turn();
    expect(ended).toBe(2);
  });
});
