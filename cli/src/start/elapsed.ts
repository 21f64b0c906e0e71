import type { Clock } from "@meshwork/foundation";

/** Seconds since `began` (monotonic), for people: ` 3.4 s`. */
export function elapsed(clock: Clock, began: number): string {
  return `${((clock.monotonic() - began) / 1_000).toFixed(1).padStart(5)} s`;
}
