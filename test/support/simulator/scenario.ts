import { defaultSettings, type Settings } from "@meshwork/consensus";
import type { AdversaryName } from "../adversaries/index.ts";
import { adversaryNames } from "../adversaries/index.ts";
import { SeededRandom } from "./seeded-random.ts";

/** Least delay and spread, ms. */
type Delay = readonly [number, number];

export interface NetworkFaults {
  readonly drop: number;
  readonly duplicate: number;
  readonly delay: Delay;
  /** After the network has healed. */
  readonly healed: Delay;
}

/** Everything about a run that is fixed before it begins. */
export interface Scenario {
  readonly seed: number;
  readonly seats: number;
  /** Nodes without a seat: followers, and members of later epochs. */
  readonly spares: number;
  readonly heightsPerEpoch: number;
  readonly settings: Settings;
  readonly network: NetworkFaults;
  /** A sync takes from 1 ms to this. */
  readonly slowestSyncMs: number;
  readonly skewMs: number;
  readonly heartbeatMs: number;
  /** Chaos ends, and every honest node is up. */
  readonly healAtMs: number;
  readonly clients: number;
  readonly clientPauseMs: number;
  /** Between two blows, at most. Null: no chaos at all. */
  readonly chaosPauseMs: number | null;
  /** By node. */
  readonly adversaries: ReadonlyMap<number, AdversaryName>;
}

export interface ScenarioOptions {
  /** All liars are of this kind. */
  readonly adversary?: AdversaryName;
  /** From a third up to almost two thirds of the seats lie: forks are to be expected. */
  readonly isOverThreshold?: boolean;
  /** Overrides what the seed would choose. */
  readonly fixed?: Partial<Scenario>;
}

const FAST: Delay = [10, 40];
/** A healed network whose messages take longer than T0: only growing timeouts are live. */
const SLOW: Delay = [500, 300];

export function scenarioOf(seed: number, options: ScenarioOptions = {}): Scenario {
  const random = new SeededRandom(seed);
  const seats = options.fixed?.seats ?? random.pick([4, 4, 4, 5, 7, 10, 13]);
  const spares = random.pick([0, 0, 1, 2]);
  const isSlow = random.chance(0.08);
  const scenario: Scenario = {
    seed,
    seats,
    spares,
    heightsPerEpoch: spares > 0 ? random.between(3, 12) : 1_000_000,
    settings: {
      ...defaultSettings,
      baseTimeoutMs: 500,
      graceMs: 200,
      tickMs: 300,
      idleStatusMs: 3_000,
    },
    network: {
      drop: random.pick([0, 0.02, 0.1, 0.3]),
      duplicate: random.pick([0, 0.05]),
      delay: [random.pick([5, 20, 80]), random.pick([5, 50, 400, 1_500])],
      healed: isSlow ? SLOW : FAST,
    },
    slowestSyncMs: random.pick([1, 3, 3, 60, 300]),
    skewMs: random.pick([0, 50, 900]),
    heartbeatMs: 3_600_000,
    healAtMs: random.between(5_000, isSlow ? 10_000 : 30_000),
    clients: random.between(1, 4),
    clientPauseMs: random.pick([20, 200, 1_000]),
    chaosPauseMs: random.pick([500, 1_500, 5_000]),
    adversaries: chooseAdversaries(random, seats, options),
  };
  return { ...scenario, ...options.fixed };
}

/** Plans that bring a fork about when enough follow them. */
const dangerous: readonly AdversaryName[] = ["colluder", "colluder", "twins"];

/** At most f of the first committee, which are at most f of every later one. */
function chooseAdversaries(
  random: SeededRandom,
  seats: number,
  { adversary, isOverThreshold = false }: ScenarioOptions,
): Map<number, AdversaryName> {
  const tolerated = Math.floor((seats - 1) / 3);
  const count = isOverThreshold
    ? random.between(Math.ceil(seats / 3), Math.ceil((2 * seats) / 3) - 1)
    : random.chance(adversary === undefined ? 0.85 : 1)
      ? random.between(1, tolerated)
      : 0;
  const nodes = random.shuffled(Array.from({ length: seats }, (_, i) => i)).slice(0, count);
  const plan = adversary ?? (isOverThreshold ? random.pick(dangerous) : null);
  return new Map(nodes.map((node) => [node, plan ?? random.pick(adversaryNames)]));
}
