import { expect, test } from "vitest";
import { scenarioOf } from "../support/simulator/scenario.ts";
import type { Seats } from "../support/simulator/seats.ts";
import { toyTransaction } from "../support/simulator/toy-transaction.ts";
import { Trace } from "../support/simulator/trace.ts";
import type { Watcher } from "../support/simulator/watcher.ts";
import { World } from "../support/simulator/world.ts";

const DELAY_MS = 100;

/** Four honest nodes, no faults, every message under way for the same time, disks of 1 ms. */
function calmWorld(heartbeatMs = 3_600_000): World {
  const delay = [DELAY_MS, 0] as const;
  const scenario = scenarioOf(1, {
    fixed: {
      seats: 4,
      spares: 0,
      lateStarters: 0,
      epochMs: Number.MAX_SAFE_INTEGER,
      lightClients: 0,
      network: { drop: 0, duplicate: 0, delay, healed: delay },
      slowestSyncMs: 1,
      skewMs: 0,
      heartbeatMs,
      clients: 0,
      chaosPauseMs: null,
      adversaries: new Map(),
    },
  });
  const world = new World({ scenario, trace: new Trace() });
  world.start();
  return world;
}

const runTo = (world: World, ms: number) => {
  while (world.elapsed < ms && world.agenda.step());
};

function countSent(world: World): Map<string, number> {
  const counts = new Map<string, number>();
  const watcher: Watcher = {
    released: (_, { kind }) => void counts.set(kind, (counts.get(kind) ?? 0) + 1),
  };
  world.watchers.push(watcher);
  return counts;
}

test("a transaction at the leader is final everywhere after three message delays, without repair", () => {
  const world = calmWorld();
  const counts = countSent(world);
  const committedAt: number[] = [];
  world.watchers.push({ committed: () => void committedAt.push(world.elapsed) });
  runTo(world, 1_000);
  counts.clear();
  const { members, order } = world.genesis.committees[0] as Seats;
  const leader = members[order[1] ?? -1];
  const node = world.honest.find(({ name }) => name === leader);
  const begun = world.elapsed;
  node?.offer({ kind: "transactions", transactions: [toyTransaction("c0" as never, 0)] });
  while (committedAt.length < 4 && world.agenda.step());
  const took = committedAt.map((at) => at - begun);
  // Proposal, N and F are under way for 100 ms each; the rest is disks.
  expect(Math.max(...took)).toBeLessThan(3 * DELAY_MS + 20);
  expect(counts.get("proposal")).toBe(3);
  expect(counts.get("vote")).toBe(3 * 3 + 4 * 3);
  expect(counts.get("certificate")).toBeUndefined();
});

test("an idle network sends a Status a period, and a block only when its heartbeat is due", () => {
  const world = calmWorld(60_000);
  const counts = countSent(world);
  runTo(world, 59_000);
  expect(world.highest).toBe(0);
  expect([...counts.keys()]).toEqual(["status"]);
  // Twelve messages (four nodes to three others) every three seconds.
  expect(counts.get("status")).toBeLessThanOrEqual(12 * 20);
  runTo(world, 125_000);
  expect(world.highest).toBe(2);
});
