import { stat } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "@meshwork/observability";
import { chainIdOf, type Genesis } from "@meshwork/protocol";
import { openChain } from "../store/chain.ts";
import {
  type CreatedSnapshot,
  type CreateOptions,
  createSnapshot,
  publishSnapshot,
} from "./create-snapshot.ts";
import { findRunningNode } from "./running/ask-running-node.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface BackUpOptions extends Omit<CreateOptions, "handOvers"> {
  /** The node's folder. If the node runs it is asked for its ledger, and goes on meanwhile. */
  folder: string;
  genesis: Genesis;
}

/**
 * A snapshot of the ledger of the node in this folder. Of `vote`, with the vote key and the log, it reads
 * nothing: whoever had both twice could sign twice.
 * @throws SnapshotError `BACKUP_NO_CHAIN`, `BACKUP_BUSY`, … and those of `createSnapshot`; ChainError `STORE_LOCKED`, …
 */
export async function backUpNode(
  store: SnapshotStore,
  { folder, genesis, ...options }: BackUpOptions,
): Promise<CreatedSnapshot> {
  const path = join(folder, "chain");
  await requireChain(path);
  const running = await findRunningNode(folder);
  if (running !== null) {
    try {
      const source = await running.state();
      requireNetwork(source.header.chainId, chainIdOf(genesis));
      return await publishSnapshot(source, store, options);
    } finally {
      running.close();
    }
  }
  const chain = await openChain({ folder: path, genesis, log: silentLog });
  try {
    // Nothing else moves this chain.
    const handOvers = await chain.handOvers(0);
    return await createSnapshot(chain.head, store, { ...options, handOvers });
  } finally {
    await chain.close();
  }
}

/** Opening would make a new chain where there is none. */
export async function requireChain(folder: string): Promise<void> {
  const isThere = await stat(join(folder, "CURRENT")).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  throw new SnapshotError(
    "BACKUP_NO_CHAIN",
    `${folder} holds no ledger: name the folder of a node that has run`,
    { detail: { folder } },
  );
}

export function requireNetwork(running: string, chainId: string): void {
  if (running === chainId) return;
  throw new SnapshotError(
    "SNAPSHOT_OTHER_NETWORK",
    `the node that runs there is of network ${running}, and the genesis given of ${chainId}: name another folder, or its genesis`,
    { detail: { running, chainId } },
  );
}
