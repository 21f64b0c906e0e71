import { idle } from "../../sim/promises/idle.ts";
import { type PromiseName, watchersOf } from "../../sim/promises/index.ts";
import { awaitSettled } from "../../sim/promises/liveness.ts";
import { faithful, type Mutant } from "./mutants.ts";
import { type Scenario, type ScenarioOptions, scenarioOf } from "./scenario.ts";
import { Trace } from "./trace.ts";
import { PromiseBroken } from "./watcher.ts";
import { World } from "./world.ts";

export interface SimulationOptions extends ScenarioOptions {
  readonly mutant?: Mutant;
  /** Gets every line of the trace. */
  readonly onLine?: (line: string) => void;
}

export interface Report {
  readonly seed: number;
  readonly scenario: Scenario;
  /** Null: all promises were kept. */
  readonly broken: { readonly promise: string; readonly text: string } | null;
  readonly traceHash: string;
  readonly lastLines: readonly string[];
  readonly happenings: number;
  readonly virtualMs: number;
  readonly heights: number;
  readonly crashes: number;
  readonly messages: number;
  /** From healing to rest. */
  readonly settledMs: number;
}

/** One run from its seed: chaos, healing, rest, one more transaction, silence. */
export function simulate(seed: number, options: SimulationOptions = {}): Report {
  const mutant = options.mutant ?? faithful;
  const scenario = scenarioOf(seed, { ...mutant.scenario, ...options });
  const trace = new Trace(options.onLine ?? null);
  const world = new World({ scenario, trace, mutant });
  const isWatched = (name: PromiseName) => mutant.breaks === null || mutant.breaks === name;
  world.watchers.push(...watchersOf(world, isWatched));
  let settledMs = 0;
  let broken: Report["broken"] = null;
  try {
    settledMs = live(world, isWatched);
  } catch (error) {
    if (!(error instanceof PromiseBroken)) throw error;
    broken = { promise: error.promise, text: error.message };
  }
  return {
    seed,
    scenario,
    broken,
    traceHash: trace.hash,
    lastLines: broken === null ? [] : trace.last(60),
    happenings: trace.count,
    virtualMs: world.elapsed,
    heights: world.highest,
    crashes: world.crashes,
    messages: world.network.messages,
    settledMs,
  };
}

function live(world: World, isWatched: (name: PromiseName) => boolean): number {
  world.start();
  runFor(world, world.scenario.healAtMs);
  world.heal();
  const settledMs = awaitSettled(world, isWatched("liveness"));
  world.silenceLiars();
  world.clients[0]?.submitLast();
  awaitSettled(world, isWatched("liveness"));
  if (isWatched("idle")) idle(world, (ms) => runFor(world, ms));
  return settledMs;
}

export function runFor(world: World, ms: number): void {
  const end = world.elapsed + ms;
  let isOver = false;
  world.agenda.after(ms, () => {
    isOver = true;
  });
  while (!isOver && world.elapsed <= end && world.agenda.step());
}
