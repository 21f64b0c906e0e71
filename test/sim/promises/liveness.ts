import { PromiseBroken } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** Whether there is nothing left to do, and everyone knows it. */
const isSettled = ({ honest, clients }: World): boolean =>
  clients.every((client) => client.isDone) &&
  honest.every((node) => node.isAtRest && node.height === honest[0]?.height);

/**
 * Heights that may be needed: the one that chaos left behind, two for what is still pending or turns up
 * meanwhile (a vote key, a conviction), and those of a hand-over.
 */
const HEIGHTS = 3;
/** For joining, catching up, sharing transactions, and the last commit to reach everyone. */
const SLACK_MS = 4_000;

/**
 * Once messages arrive, everything pending becomes final everywhere within a bound: for each height
 * the views until the timeout covers three message delays, and one for each liar that leads.
 */
function boundMs({ honest, rules, scenario }: World): number {
  const { network, seats, settings, slowestSyncMs } = scenario;
  const liars = Math.floor((seats - 1) / 3);
  const deltaMs = network.healed[0] + network.healed[1] + slowestSyncMs;
  const slowViews = Math.ceil(2 * Math.max(0, (3 * deltaMs) / settings.baseTimeoutMs - 1));
  const views = (from: number): number => {
    let sum = 0;
    for (let view = from; view <= Math.max(from, slowViews) + liars + 1; view++)
      sum += settings.graceMs + settings.tickMs + rules.timeoutMs(view, settings);
    return sum;
  };
  const reached = Math.max(...honest.map((node) => node.view));
  const heights = HEIGHTS + scenario.windowBlocks;
  return (
    views(reached) + (heights - 1) * views(0) + scenario.windowBlocks * scenario.paceMs + SLACK_MS
  );
}

export interface Settling {
  readonly tookMs: number;
  readonly boundMs: number;
}

/** Runs on until all is settled, or the bound is passed. */
export function awaitSettled(world: World, isWatched: boolean): Settling {
  const start = world.elapsed;
  const bound = boundMs(world);
  let nextLook = start;
  while (world.elapsed - start <= bound && world.agenda.step()) {
    if (world.elapsed < nextLook) continue;
    nextLook = world.elapsed + 100;
    if (!isSettled(world)) continue;
    world.settled();
    return { tookMs: world.elapsed - start, boundMs: bound };
  }
  if (!isWatched) return { tookMs: world.elapsed - start, boundMs: bound };
  const nodes = world.honest.map(({ name, height, view }) => `${name} at (${height}, ${view})`);
  throw new PromiseBroken("liveness", `not settled after ${bound} ms: ${nodes.join(", ")}`);
}
