import { join } from "node:path";
import { silentLog } from "@meshwork/observability";
import { chainIdOf, type Genesis, type HandOver } from "@meshwork/protocol";
import { openChain } from "../store/chain.ts";
import { requireChain, requireNetwork } from "./back-up-node.ts";
import { findRunningNode } from "./running/ask-running-node.ts";

/**
 * How the committees followed each other, from the node in this folder, while it runs or stands: what a receipt
 * needs that is older than the hand-overs it brings along.
 * @throws SnapshotError `BACKUP_NO_CHAIN`, `BACKUP_BUSY`, …; ChainError `STORE_LOCKED`, …
 */
export async function readHandOvers(folder: string, genesis: Genesis): Promise<HandOver[]> {
  const path = join(folder, "chain");
  await requireChain(path);
  const running = await findRunningNode(folder);
  if (running !== null) {
    try {
      const { header, handOver } = await running.state();
      requireNetwork(header.chainId, chainIdOf(genesis));
      return [...handOver];
    } finally {
      running.close();
    }
  }
  const chain = await openChain({ folder: path, genesis, log: silentLog });
  try {
    return await chain.handOvers(0);
  } finally {
    await chain.close();
  }
}
