import type { Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";
import { agreement } from "./agreement.ts";
import { certificates } from "./certificates.ts";
import { chain } from "./chain.ts";
import { conviction } from "./conviction.ts";
import { evidence } from "./evidence.ts";
import { forensics } from "./forensics.ts";
import { honestTime } from "./honest-time.ts";
import { lightClient } from "./light-client.ts";
import { noEquivocation } from "./no-equivocation.ts";
import { rotation } from "./rotation.ts";
import { stateRoots } from "./state-roots.ts";

const onEveryEvent = {
  agreement,
  chain,
  certificates,
  conviction,
  evidence,
  forensics,
  "honest-time": honestTime,
  "light-client": lightClient,
  "no-equivocation": noEquivocation,
  rotation,
  "state-roots": stateRoots,
} satisfies Record<string, (world: World) => Watcher>;

export type PromiseName = keyof typeof onEveryEvent | "liveness" | "idle";

export const watchersOf = (world: World, isWatched: (name: PromiseName) => boolean): Watcher[] =>
  Object.entries(onEveryEvent).flatMap(([name, watch]) =>
    isWatched(name as PromiseName) ? [watch(world)] : [],
  );
