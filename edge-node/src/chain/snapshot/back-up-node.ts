import { stat } from "node:fs/promises";
import { join } from "node:path";
import { silentLog } from "@meshwork/observability";
import type { Genesis } from "@meshwork/protocol";
import { openChain } from "../chain.ts";
import { type CreatedSnapshot, type CreateOptions, createSnapshot } from "./create-snapshot.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface BackUpOptions extends CreateOptions {
  /** The node's folder; the node must be stopped, since one process owns its ledger. */
  folder: string;
  genesis: Genesis;
}

/**
 * A snapshot of the ledger in a node's folder. Of `vote`, with the vote key and the log, it reads nothing:
 * whoever had both twice could sign twice.
 * @throws SnapshotError `BACKUP_NO_CHAIN` and those of `createSnapshot`; ChainError `STORE_LOCKED`, …
 */
export async function backUpNode(
  store: SnapshotStore,
  { folder, genesis, ...options }: BackUpOptions,
): Promise<CreatedSnapshot> {
  const path = join(folder, "chain");
  // Opening would make a new chain where there is none.
  const isThere = await stat(join(path, "CURRENT")).then(
    () => true,
    () => false,
  );
  if (!isThere)
    throw new SnapshotError(
      "BACKUP_NO_CHAIN",
      `${path} holds no ledger: name the folder of a node that has run`,
      { detail: { folder: path } },
    );
  const chain = await openChain({ folder: path, genesis, log: silentLog });
  try {
    return await createSnapshot(chain.head, store, options);
  } finally {
    await chain.close();
  }
}
