import type { SimulatedNode } from "../../support/simulator/node.ts";
import { describe } from "../../support/simulator/trace.ts";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** How often the idle status must have been due while we look. */
const PERIODS = 4;

/**
 * A network with nothing to do sends a slow Status and nothing else; no transaction that cannot be
 * executed keeps it awake. What liars stirred up before they fell silent may be said again, slowly.
 */
export function idle(world: World, runFor: (ms: number) => void): void {
  const { scenario } = world;
  const { idleStatusMs, tickMs } = scenario.settings;
  // What is still on its way arrives first, and what timeouts are set come.
  runFor(2 * idleStatusMs);
  const statuses = new Map<SimulatedNode, number>();
  const others = new Map<SimulatedNode, number>();
  const watcher: Watcher = {
    released(node, message) {
      const counts = message.kind === "status" ? statuses : others;
      counts.set(node, (counts.get(node) ?? 0) + 1);
      if (message.kind !== "status" && scenario.adversaries.size === 0)
        throw new PromiseBroken("idle", `${node.name} sends ${describe(message)} for no reason`);
    },
  };
  world.watchers.push(watcher);
  const ms = PERIODS * idleStatusMs + tickMs;
  runFor(ms);
  world.watchers.splice(world.watchers.indexOf(watcher), 1);
  const most = (PERIODS + 1) * scenario.seats;
  for (const node of world.honest) {
    const [slow, rest] = [statuses.get(node) ?? 0, others.get(node) ?? 0];
    if (slow === 0) throw new PromiseBroken("idle", `${node.name} has fallen silent`);
    // An N and an X, at most, go with each Status of a node that was stirred up.
    if (slow > most || rest > 2 * most)
      throw new PromiseBroken(
        "idle",
        `${node.name} sends ${slow} Status and ${rest} more in ${ms} ms`,
      );
  }
}
