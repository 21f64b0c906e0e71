import type { NodeId } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { createPeerLimits } from "./limits-per-peer.ts";
import { ManualClock, settle } from "./testing/manual-clock.ts";

const [alice, bob] = ["alice", "bob"] as string[] as NodeId[] as [NodeId, NodeId];

function setup(options = {}) {
  const clock = new ManualClock();
  const dropped: NodeId[] = [];
  const peerLimits = createPeerLimits({ clock, drop: (nodeId) => dropped.push(nodeId) }, options);
  return { clock, dropped, peerLimits };
}

/** Whether the frame is let through at once. */
async function passes(admitted: Promise<void>): Promise<boolean> {
  let passed = false;
  admitted.then(() => {
    passed = true;
  });
  await settle();
  return passed;
}

test("a peer over its messages or bytes a second is read later; others are not", async () => {
  const { clock, peerLimits } = setup({ messagesPerSecond: 2, bytesPerSecond: 100 });
  for (let i = 0; i < 2; i++) expect(await passes(peerLimits.admit(alice, 1))).toBe(true);
  const third = peerLimits.admit(alice, 1);
  expect(await passes(third)).toBe(false);
  expect(await passes(peerLimits.admit(bob, 101))).toBe(false);
  await clock.advance(500);
  expect(await passes(third)).toBe(true);
});

test("offences in a short time end in a shut-out; in a long time they are forgotten", async () => {
  const { clock, dropped, peerLimits } = setup({ offences: 3, forgetMs: 1_000 });
  for (let i = 0; i < 6; i++) {
    peerLimits.penalise(bob, "ENVELOPE_BAD_SIGNATURE");
    await clock.advance(600);
  }
  expect(dropped).toEqual([]);
  for (let i = 0; i < 3; i++) peerLimits.penalise(alice, "ENVELOPE_BAD_SIGNATURE");
  expect(dropped).toEqual([alice]);
  expect([peerLimits.isShutOut(alice), peerLimits.isShutOut(bob)]).toEqual([true, false]);
  await clock.advance(1_001);
  expect(peerLimits.isShutOut(alice)).toBe(false);
});
