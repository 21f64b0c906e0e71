import { expect, test } from "vitest";
import { OutboxLane } from "./outbox-lane.ts";
import { ManualClock, settle } from "./testing/manual-clock.ts";

function setup(window = 2) {
  const clock = new ManualClock();
  const sent: string[] = [];
  const expired: string[] = [];
  let doubts = 0;
  const lane = new OutboxLane({ clock, doubt: () => doubts++ }, window);
  const add = (name: string, ttlMs = 60_000) =>
    lane.add({
      ttlMs,
      transmit: async ({ seq, settled }) => {
        sent.push(`${name} ${seq} ${settled}`);
      },
      expire: () => expired.push(name),
    });
  return { clock, sent, expired, lane, add, doubts: () => doubts };
}

test("no more than the window is under way; what is settled makes room for the next", () => {
  const { sent, lane, add } = setup();
  const first = add("a");
  add("b");
  add("c");
  expect(sent).toEqual(["a 0 0", "b 1 0"]);
  lane.settle(first);
  expect(sent.at(-1)).toBe("c 2 1");
});

test("what is not answered goes again after 1, 2, 4 … seconds, and then the link is doubted", async () => {
  const { clock, sent, add, doubts } = setup();
  add("a");
  const times: number[] = [];
  for (let second = 1; second <= 15; second++) {
    const before = sent.length;
    await clock.advance(1_000);
    if (sent.length > before) times.push(second);
  }
  expect(times).toEqual([1, 3, 7, 15]);
  expect(doubts()).toBe(1);
});

test("what the peer holds is not repeated, until the link is a new one", async () => {
  const { clock, sent, lane, add, doubts } = setup();
  lane.hold(add("a"));
  await clock.advance(30_000);
  expect([sent.length, doubts()]).toEqual([1, 0]);
  lane.resend();
  expect(sent).toHaveLength(2);
});

test("a message whose time is over fails, and the next says at once that it is not to be waited for", async () => {
  const { clock, sent, expired, add } = setup();
  add("short", 300);
  add("long");
  await clock.advance(300);
  expect(expired).toEqual(["short"]);
  expect(sent.at(-1)).toBe("long 1 1");
});

test("when all is settled no timer is left behind", async () => {
  const { clock, lane, add } = setup();
  for (const seq of [add("a"), add("b"), add("c")]) lane.settle(seq);
  await settle();
  expect([clock.timers, lane.size]).toEqual([0, 0]);
});

test("a full outbox refuses, and says so", () => {
  const { add } = setup();
  for (let i = 0; i < 10_000; i++) add("x");
  expect(() => add("one more")).toThrow(expect.objectContaining({ code: "OUTBOX_FULL" }));
});
