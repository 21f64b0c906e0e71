import type { SimulatedNode } from "../../support/simulator/node.ts";
import { describe } from "../../support/simulator/trace.ts";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** How often the idle status must have been due while we look. */
const PERIODS = 4;

/** A network with nothing to do sends a slow Status and nothing else; no transaction that cannot be executed keeps it awake. */
export function idle(world: World, runFor: (ms: number) => void): void {
  const { idleStatusMs, tickMs } = world.scenario.settings;
  // What is still on its way arrives first.
  runFor(idleStatusMs);
  const statuses = new Map<SimulatedNode, number>();
  const watcher: Watcher = {
    released(node, message) {
      if (message.kind !== "status")
        throw new PromiseBroken("idle", `${node.name} sends ${describe(message)} for no reason`);
      statuses.set(node, (statuses.get(node) ?? 0) + 1);
    },
  };
  world.watchers.push(watcher);
  const ms = PERIODS * idleStatusMs + tickMs;
  runFor(ms);
  world.watchers.splice(world.watchers.indexOf(watcher), 1);
  const most = (PERIODS + 1) * world.scenario.seats;
  for (const [node, count] of statuses)
    if (count > most)
      throw new PromiseBroken("idle", `${node.name} sends ${count} Status in ${ms} ms`);
  for (const node of world.honest)
    if (!statuses.has(node)) throw new PromiseBroken("idle", `${node.name} has fallen silent`);
}
