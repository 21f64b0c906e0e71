import type { NodeId } from "@meshwork/foundation";
import type { Chain } from "../chain/store/chain.ts";

/**
 * Ends the connections with whom the ledger has just barred. What it opens from then on is refused: see
 * `isBlacklisted` in p2p.
 */
export const shunConvicted = ({
  chain,
  drop,
}: {
  chain: Pick<Chain, "onCommit">;
  drop(node: NodeId, reason: Error): void;
}): (() => void) =>
  chain.onCommit(({ events }) => {
    for (const event of events)
      if (event.kind === "conviction")
        drop(event.nodeId, new Error(`the ledger has barred ${event.nodeId} for good`));
  });
