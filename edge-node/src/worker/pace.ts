/** How fast this machine runs, learnt from its own runs: what even its best could not do in time it declines. */
export interface Pace {
  /** The least that a run of so much fuel can take here; 0 while nothing is known. */
  leastMs(fuel: bigint): number;
  ran(fuel: bigint, elapsedMs: number): void;
}

/** Shorter runs, of less than half a second or so, tell more about what else the machine was doing. */
const TELLING_FUEL = 1_000_000_000n;
const GIGAFUEL = 1_000_000_000;

export function createPace(): Pace {
  let msPerGigafuel = Number.POSITIVE_INFINITY;
  return {
    leastMs(fuel) {
      if (msPerGigafuel === Number.POSITIVE_INFINITY) return 0;
      return Math.floor((Number(fuel) * msPerGigafuel) / GIGAFUEL);
    },
    ran(fuel, elapsedMs) {
      if (fuel < TELLING_FUEL) return;
      msPerGigafuel = Math.min(msPerGigafuel, (elapsedMs * GIGAFUEL) / Number(fuel));
    },
  };
}
