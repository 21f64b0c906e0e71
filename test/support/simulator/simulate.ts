import { Forked } from "../../sim/promises/forensics.ts";
import { idle } from "../../sim/promises/idle.ts";
import { type PromiseName, watchersOf } from "../../sim/promises/index.ts";
import { awaitFollowed } from "../../sim/promises/light-client.ts";
import { awaitSettled, type Settling } from "../../sim/promises/liveness.ts";
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
  /** The text of a fork that too many liars brought about. */
  readonly fork: string | null;
  /** Null: all promises were kept. */
  readonly broken: { readonly promise: string; readonly text: string } | null;
  readonly traceHash: string;
  readonly lastLines: readonly string[];
  readonly happenings: number;
  readonly virtualMs: number;
  readonly heights: number;
  readonly crashes: number;
  readonly messages: number;
  readonly epochs: number;
  readonly joins: number;
  readonly refusals: number;
  readonly lostDisks: number;
  /** Headers that light clients were shown. */
  readonly followed: { readonly believed: number; readonly refused: number };
  /** From healing to rest. */
  readonly settling: Settling;
}

/** What still holds when more than a third lie. */
const BEYOND_THE_THRESHOLD: readonly PromiseName[] = [
  "forensics",
  "chain",
  "certificates",
  "evidence",
  "no-equivocation",
];

/** One run from its seed: chaos, healing, rest, one more transaction, silence. */
export function simulate(seed: number, options: SimulationOptions = {}): Report {
  const mutant = options.mutant ?? faithful;
  const scenario = scenarioOf(seed, { ...mutant.scenario, ...options });
  const isWatched = (name: PromiseName) =>
    options.isOverThreshold
      ? BEYOND_THE_THRESHOLD.includes(name)
      : name !== "forensics" && (mutant.breaks === null || mutant.breaks === name);
  const trace = new Trace(options.onLine ?? null);
  const world = new World({ scenario, trace, mutant });
  world.watchers.push(...watchersOf(world, isWatched));
  const outcome = outcomeOf(() => live(world, isWatched));
  return {
    seed,
    scenario,
    ...outcome,
    traceHash: trace.hash,
    lastLines: outcome.broken === null ? [] : trace.last(60),
    happenings: trace.count,
    virtualMs: world.elapsed,
    heights: world.highest,
    crashes: world.crashes,
    messages: world.network.messages,
    epochs: world.epochs,
    joins: world.joins,
    refusals: world.refusals,
    lostDisks: world.lostDisks,
    followed: {
      believed: sumOf(world.lightClients.map(({ believed }) => believed)),
      refused: sumOf(world.lightClients.map(({ refused }) => refused)),
    },
  };
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const UNSETTLED: Settling = { tookMs: 0, boundMs: 0 };

function outcomeOf(run: () => Settling): Pick<Report, "broken" | "fork" | "settling"> {
  try {
    return { broken: null, fork: null, settling: run() };
  } catch (error) {
    const settling = UNSETTLED;
    if (error instanceof Forked) return { broken: null, fork: error.message, settling };
    if (!(error instanceof PromiseBroken)) throw error;
    const broken = { promise: error.promise, text: error.message };
    return { broken, fork: null, settling };
  }
}

function live(world: World, isWatched: (name: PromiseName) => boolean): Settling {
  world.start();
  runFor(world, world.scenario.healAtMs);
  // So many liars can stop the chain for good: only what it decided is of interest.
  if (isWatched("forensics")) return UNSETTLED;
  world.heal();
  const settling = awaitSettled(world, isWatched("liveness"));
  world.silenceLiars();
  world.clients[0]?.submitLast();
  awaitSettled(world, isWatched("liveness"));
  if (isWatched("light-client")) awaitFollowed(world);
  if (isWatched("idle")) idle(world, (ms) => runFor(world, ms));
  return settling;
}

function runFor(world: World, ms: number): void {
  let isOver = false;
  world.agenda.after(ms, () => {
    isOver = true;
  });
  while (!isOver && world.agenda.step());
}
