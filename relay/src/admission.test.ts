import { type Clock, type NodeId, type PeerId, systemClock } from "@meshwork/foundation";
import { createMetrics, silentLog } from "@meshwork/observability";
import { expect, test } from "vitest";
import { relayGate } from "./admission.ts";

const [alice, bob, silent] = ["alice", "bob", "silent"] as string[] as [PeerId, PeerId, PeerId];

function setup() {
  let nowMs = 0;
  const clock: Clock = { ...systemClock, monotonic: () => nowMs };
  const nodeOf = (peerId: PeerId) =>
    peerId === silent
      ? Promise.reject(new Error("no hello"))
      : Promise.resolve(`node of ${peerId}` as NodeId);
  const metrics = createMetrics({ processMetrics: false });
  const gate = relayGate({ nodeOf, clock, log: silentLog, metrics });
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
