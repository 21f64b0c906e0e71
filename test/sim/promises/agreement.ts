import type { BlockHash } from "@meshwork/foundation";
import type { Certificate } from "@meshwork/protocol";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";

/** No two honest nodes commit different blocks at one height, or go on from a snapshot of another. */
export function agreement(): Watcher {
  const decided = new Map<number, BlockHash | null>();
  const check = (name: string, { ballot: { height, blockHash } }: Certificate) => {
    const before = decided.get(height);
    if (before === undefined) decided.set(height, blockHash);
    else if (before !== blockHash)
      throw new PromiseBroken(
        "agreement",
        `${name} commits ${blockHash} at height ${height}, another committed ${before}`,
      );
  };
  return {
    committed: (node, _, certificate) => check(node.name, certificate),
    joined: (node, { certificate }) => check(node.name, certificate),
    forked(node) {
      throw new PromiseBroken("agreement", `${node.name} is shown a certificate for another chain`);
    },
  };
}
