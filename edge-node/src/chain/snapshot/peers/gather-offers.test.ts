import type { Clock, ContentId, NodeId } from "@meshwork/foundation";
import { contentIdOf } from "@meshwork/storage";
import { expect, test } from "vitest";
import { gatherOffers } from "./gather-offers.ts";
import { snapshotOffer } from "./snapshot-offer.ts";

/** Time passes as soon as somebody waits for it. */
function hastyClock(): Clock {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => now,
    setTimer(delayMs, callback) {
      const timer = setImmediate(() => {
        now += delayMs;
        callback();
      });
      return () => clearImmediate(timer);
    },
  };
}

const manifestOf = (height: number): ContentId => contentIdOf(Uint8Array.of(height));
const offer = (height: number) =>
  snapshotOffer.encode({ kind: "offer", height, manifest: manifestOf(height) });
const none = snapshotOffer.encode({ kind: "none" });

/** Peers by what each answers; throwing is no answer. */
function gather(answers: (() => Uint8Array)[], clock = hastyClock()) {
  const asked: string[] = [];
  const offers = gatherOffers({
    clock,
    candidates: () => answers.map((_, i) => `peer-${i}` as NodeId),
    ask: async (peer) => {
      asked.push(peer);
      return answers[Number(peer.slice(5))]?.() ?? none;
    },
  });
  return { offers, asked, clock };
}
const never = () => {
  throw new Error("no answer");
};

test("the highest offer comes first, with all who have it", async () => {
  const { offers } = gather([() => offer(3), () => offer(7), () => offer(3)]);
  expect(await offers).toEqual([
    { height: 7, manifest: manifestOf(7), peers: ["peer-1"] },
    { height: 3, manifest: manifestOf(3), peers: ["peer-0", "peer-2"] },
  ]);
});

test("who does not answer, or says nonsense, is asked again and holds nobody up", async () => {
  let calls = 0;
  const late = () => (calls++ < 3 ? never() : offer(5));
  const { offers, clock } = gather([never, () => Uint8Array.of(0xff), late]);
  expect((await offers).map(({ height }) => height)).toEqual([5]);
  expect(clock.monotonic()).toBeLessThan(10_000);
});

test("a network in which nobody has one is not waited for long", async () => {
  const { offers, clock } = gather([() => none]);
  expect(await offers).toEqual([]);
  expect(clock.monotonic()).toBeLessThan(3_000);
});

test("who has nobody to ask gives up in the end", async () => {
  const { offers, clock } = gather([]);
  expect(await offers).toEqual([]);
  expect(clock.monotonic()).toBeLessThan(11_000);
});

test("no more than sixteen are asked, however many there are", async () => {
  const { offers, asked } = gather(Array.from({ length: 40 }, () => never));
  await offers;
  expect(new Set(asked).size).toBe(16);
});
