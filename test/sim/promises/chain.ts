import type { BlockHash } from "@meshwork/foundation";
import type { SimulatedNode } from "../../support/simulator/node.ts";
import { GENESIS } from "../../support/simulator/toy-ledger.ts";
import { PromiseBroken, type Watcher } from "../../support/simulator/watcher.ts";

/** Prefix: each node's chain only grows, height by height, each block on the one before; a snapshot leads upward only. */
export function chain(): Watcher {
  const heads = new Map<SimulatedNode, { height: number; hash: BlockHash | null }>();
  return {
    committed(node, { header }, { ballot }) {
      const head = heads.get(node) ?? { height: 0, hash: GENESIS };
      if (header.height !== head.height + 1 || header.parent !== head.hash)
        throw new PromiseBroken(
          "chain",
          `${node.name} commits height ${header.height} on ${header.parent}, its head is ${head.height} ${head.hash}`,
        );
      heads.set(node, { height: header.height, hash: ballot.blockHash });
    },
    joined(node, { header, certificate }) {
      const { height } = heads.get(node) ?? { height: 0 };
      if (header.height <= height)
        throw new PromiseBroken(
          "chain",
          `${node.name} takes a snapshot of height ${header.height}, its head is ${height}`,
        );
      heads.set(node, { height: header.height, hash: certificate.ballot.blockHash });
    },
    lost: (node) => void heads.delete(node),
  };
}
