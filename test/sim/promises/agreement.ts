import type { BlockHash } from "@meshwork/foundation";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";

/** No two honest nodes commit different blocks at one height. */
export function agreement(): Watcher {
  const decided = new Map<number, BlockHash | null>();
  return {
    committed(node, { header }, { ballot }) {
      const before = decided.get(header.height);
      if (before === undefined) decided.set(header.height, ballot.blockHash);
      else if (before !== ballot.blockHash)
        throw new PromiseBroken(
          "agreement",
          `${node.name} commits ${ballot.blockHash} at height ${header.height}, another committed ${before}`,
        );
    },
    forked(node) {
      throw new PromiseBroken("agreement", `${node.name} is shown a certificate for another chain`);
    },
  };
}
