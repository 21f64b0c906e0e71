import { type Clock, type NodeId, type PeerId, systemClock } from "@meshwork/foundation";
import { createMetrics, silentLog } from "@meshwork/observability";
import { afterEach, expect, test } from "vitest";
import { relayGate } from "./admission.ts";
import type { Standing } from "./standing.ts";

const [alice, bob, silent] = ["alice", "bob", "silent"] as string[] as [PeerId, PeerId, PeerId];

const standing = new Map<NodeId, Standing>();
const nodeNamed = (peerId: PeerId) => `node of ${peerId}` as NodeId;
afterEach(() => standing.clear());

function setup() {
  let nowMs = 0;
  const clock: Clock = { ...systemClock, monotonic: () => nowMs };
  const nodeOf = (peerId: PeerId) =>
    peerId === silent
      ? Promise.reject(new Error("no hello"))
      : Promise.resolve(`node of ${peerId}` as NodeId);
  const metrics = createMetrics({ processMetrics: false });
  const standingOf = async (node: NodeId) => standing.get(node) ?? "member";
  const gate = relayGate(
    { nodeOf, standingOf, clock, log: silentLog, metrics },
    { maxReservations: 20 },
  );
  const pass = (byMs: number) => {
    nowMs += byMs;
  };
  return { gate, metrics, pass };
}

test("only who said hello is given a place, or a circuit", async () => {
  const { gate, metrics } = setup();
  expect([await gate.mayReserve(alice), await gate.mayReserve(silent)]).toEqual([true, false]);
  expect([await gate.mayConnect(alice, bob), await gate.mayConnect(silent, bob)]).toEqual([
    true,
    false,
  ]);
  expect(await metrics.text()).toContain('meshwork_relay_refused_total{reason="no-hello"} 2');
});

test("a node opens a burst of circuits, then one a second; others are not held up by it", async () => {
  const { gate, pass } = setup();
  for (let i = 0; i < 120; i++) expect(await gate.mayConnect(alice, bob)).toBe(true);
  expect(await gate.mayConnect(alice, bob)).toBe(false);
  expect(await gate.mayConnect(bob, alice)).toBe(true);
  pass(1_000);
  expect(await gate.mayConnect(alice, bob)).toBe(true);
  expect(await gate.mayConnect(alice, bob)).toBe(false);
});

test("strangers get little: a tenth of the places among them all, and a few circuits", async () => {
  const { gate, metrics, pass } = setup();
  const strangers = ["s", "t", "u"] as string[] as [PeerId, PeerId, PeerId];
  for (const each of strangers) standing.set(nodeNamed(each), "stranger");
  expect(await Promise.all(strangers.map((each) => gate.mayReserve(each)))).toEqual([
    true,
    true,
    false,
  ]);
  // Who has a place keeps it; members are not held up, and in the end the others come in.
  expect([await gate.mayReserve(strangers[0]), await gate.mayReserve(alice)]).toEqual([true, true]);
  for (let i = 0; i < 8; i++) expect(await gate.mayConnect(strangers[0], bob)).toBe(true);
  expect(await gate.mayConnect(strangers[0], bob)).toBe(false);
  pass(600_001);
  expect(await gate.mayReserve(strangers[2])).toBe(true);
  expect(await metrics.text()).toContain('relay_refused_total{reason="too-many-strangers"} 1');
});

test("whom the ledger has barred gets nothing; while there is no ledger all get what members do", async () => {
  const { gate } = setup();
  standing.set(nodeNamed(alice), "barred");
  standing.set(nodeNamed(bob), "unknown");
  expect([await gate.mayReserve(alice), await gate.mayConnect(alice, bob)]).toEqual([false, false]);
  for (let i = 0; i < 100; i++) expect(await gate.mayConnect(bob, alice)).toBe(true);
  expect(await gate.mayReserve(bob)).toBe(true);
});
