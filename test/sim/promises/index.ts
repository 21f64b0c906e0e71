import type { Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";
import { agreement } from "./agreement.ts";
import { certificates } from "./certificates.ts";
import { chain } from "./chain.ts";
import { evidence } from "./evidence.ts";
import { honestTime } from "./honest-time.ts";
import { noEquivocation } from "./no-equivocation.ts";
import { stateRoots } from "./state-roots.ts";

const onEveryEvent = {
  agreement,
  chain,
  certificates,
  evidence,
  "honest-time": honestTime,
  "no-equivocation": noEquivocation,
  "state-roots": stateRoots,
} satisfies Record<string, (world: World) => Watcher>;

export type PromiseName = keyof typeof onEveryEvent | "liveness" | "idle" | "forensics";

export function watchersOf(world: World, isWatched: (name: PromiseName) => boolean): Watcher[] {
  return Object.entries(onEveryEvent).flatMap(([name, watch]) =>
    isWatched(name as PromiseName) ? [watch(world)] : [],
  );
}
