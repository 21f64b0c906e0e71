import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";
import type { World } from "../../support/simulator/world.ts";

/** Block times grow, and no leader can put one further ahead than rule 4 tolerates. */
export function honestTime(world: World): Watcher {
  const { scenario, agenda, rules } = world;
  const { settings, skewMs } = scenario;
  const times = new Map<number, number>();
  return {
    committed(node, { header }) {
      const before = times.get(header.height - 1) ?? 0;
      times.set(header.height, header.time);
      if (header.time <= before)
        throw new PromiseBroken(
          "honest-time",
          `${node.name} commits a block at ${header.height} that is ${before - header.time} ms before its parent`,
        );
      const ahead = header.time - agenda.now;
      const tolerated =
        settings.clockSkewMs + skewMs + rules.timeoutMs(header.view, settings) + header.height;
      if (ahead > tolerated)
        throw new PromiseBroken(
          "honest-time",
          `${node.name} commits a block at ${header.height} that is ${ahead} ms ahead of time`,
        );
    },
  };
}
