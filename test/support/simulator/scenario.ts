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
  /** Spares that begin late, with nothing on their disk. */
  readonly lateStarters: number;
  /** A committee is elected when the last one has sat for so long, in active time. */
  readonly epochMs: number;
  /** From the election to the hand-over: so many heights, so far apart. */
  readonly windowBlocks: number;
  readonly paceMs: number;
  readonly snapshotEvery: number;
  readonly lightClients: number;
  /** How many of the crashes cost a disk, where that leaves enough seats. */
  readonly diskLossShare: number;
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

const NEVER = Number.MAX_SAFE_INTEGER;

/** From here on a run is a short one: messages grow with the square of the seats. */
const LARGE = 30;

function chooseSeats(random: SeededRandom): number {
  const share = random.next();
  if (share < 0.002) return random.between(LARGE + 1, 100);
  if (share < 0.015) return random.between(14, LARGE);
  return random.pick([4, 4, 4, 4, 5, 7, 7, 10, 13]);
}

export function scenarioOf(seed: number, options: ScenarioOptions = {}): Scenario {
  const random = new SeededRandom(seed);
  const seats = options.fixed?.seats ?? chooseSeats(random);
  const isLarge = seats > LARGE;
  const spares = random.pick([0, 1, 1, 2, 2, 3]);
  const isSlow = !isLarge && random.chance(0.08);
  const scenario: Scenario = {
    seed,
    seats,
    spares,
    lateStarters: random.int(spares + 1),
    epochMs: random.pick([1_500, 3_000, 6_000, 6_000, NEVER]),
    windowBlocks: random.between(2, 4),
    paceMs: random.pick([50, 200, 500]),
    snapshotEvery: random.pick([1, 2, 5]),
    lightClients: random.between(1, 3),
    diskLossShare: random.pick([0, 0.1, 0.3]),
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
    healAtMs: isLarge
      ? random.between(2_000, 4_000)
      : random.between(5_000, isSlow ? 10_000 : 30_000),
    clients: random.between(1, isLarge ? 2 : 4),
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
