import { contradict } from "@meshwork/consensus";
import type { Vote } from "@meshwork/protocol";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";

/**
 * No honest node signs two votes that exclude each other, whatever it lost in a crash. A vote counts
 * once it has left: one that died on an unsynced disk was never seen by anyone.
 */
export function noEquivocation(): Watcher {
  const released = new Map<string, Vote[]>();
  const seen = new WeakSet<Vote>();
  return {
    released(node, message) {
      if (message.kind !== "vote" && message.kind !== "proposal") return;
      const { vote } = message;
      if (seen.has(vote)) return;
      seen.add(vote);
      const { height, view } = vote.ballot;
      const key = `${node.name}/${height}/${view}`;
      const votes = released.get(key) ?? [];
      const other = votes.find((each) => contradict(each, vote));
      if (other !== undefined)
        throw new PromiseBroken(
          "no-equivocation",
          `${node.name} released ${other.ballot.kind} and ${vote.ballot.kind} at (${height}, ${view})`,
        );
      released.set(key, [...votes, vote]);
    },
  };
}
