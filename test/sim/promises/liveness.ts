import { PromiseBroken } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** Whether there is nothing left to do, and everyone knows it. */
const isSettled = ({ honest, clients }: World): boolean =>
  clients.every((client) => client.isDone) &&
  honest.every((node) => node.isAtRest && node.height === honest[0]?.height);

/**
 * Once messages arrive, everything pending becomes final everywhere within a bound: the views that
 * liars and slow links cost, each as long as its timeout, for every height that it may take.
 */
function boundMs({ honest, rules, scenario }: World): number {
  const { network, seats, settings, slowestSyncMs } = scenario;
  const liars = Math.floor((seats - 1) / 3);
  const deltaMs = network.healed[0] + network.healed[1] + slowestSyncMs;
  // Timeouts grow by T0 / 2 a view; a view succeeds when its timeout is six message delays or more.
  const slowViews = Math.ceil((12 * deltaMs) / settings.baseTimeoutMs);
  const reached = Math.max(...honest.map((node) => node.view));
  let sum = 10_000;
  for (let view = reached; view <= reached + slowViews + 2 * (liars + 1); view++)
    sum += settings.graceMs + settings.tickMs + rules.timeoutMs(view, settings);
  return 3 * sum;
}

/** Runs on until all is settled and returns how long it took. */
export function awaitSettled(world: World, isWatched: boolean): number {
  const start = world.elapsed;
  const bound = boundMs(world);
  let nextLook = start;
  while (world.agenda.step()) {
    if (world.elapsed < nextLook) continue;
    nextLook = world.elapsed + 100;
    if (isSettled(world)) return world.elapsed - start;
    if (world.elapsed - start > bound) break;
  }
  if (!isWatched) return world.elapsed - start;
  const nodes = world.honest.map(({ name, height, view }) => `${name} at (${height}, ${view})`);
  throw new PromiseBroken("liveness", `not settled after ${bound} ms: ${nodes.join(", ")}`);
}
