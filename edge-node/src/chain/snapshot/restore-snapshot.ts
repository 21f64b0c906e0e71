import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "@meshwork/ledger";
import type { Genesis, SnapshotManifest } from "@meshwork/protocol";
import { BlockStore } from "../block-store.ts";
import { syncFolder } from "../durable-file.ts";
import type { FoundSnapshot } from "./list-snapshots.ts";
import { type ReadOptions, readState, requireProven } from "./read-snapshot.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface RestoreOptions extends ReadOptions {
  genesis: Genesis;
  /** The node's folder: the ledger goes into `chain`, and nothing else is touched. */
  folder: string;
  /** Checks all that it would check, and writes nothing. @default false */
  dryRun?: boolean;
}

/**
 * Begins a node's chain at a snapshot. Certificate, chunks and state root are checked before anything is
 * written; `chain` appears whole, in one step, or not at all. Neither vote key nor log comes with it, and
 * those that the folder holds stay: a seat does not vote where its log may have forgotten what it signed.
 * @throws SnapshotError `RESTORE_NOT_EMPTY`, and those of `verifySnapshot`
 */
export async function restoreSnapshot(
  { manifest }: FoundSnapshot,
  store: SnapshotStore,
  { genesis, folder, dryRun = false, ...options }: RestoreOptions,
): Promise<void> {
  const chain = join(folder, "chain");
  await requireEmpty(chain);
  requireProven(manifest, genesis);
  const state = await readState(store, manifest, options);
  if (dryRun) return;

  const unfinished = join(folder, "chain.unfinished");
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await write(unfinished, manifest, state);
  await syncFolder(unfinished);
  // Fails if a node has put a ledger there meanwhile.
  await rename(unfinished, chain);
  await syncFolder(folder);
}

async function write(
  folder: string,
  { chainId, header, certificate }: SnapshotManifest,
  state: State,
): Promise<void> {
  const blocks = await BlockStore.open(folder);
  try {
    await blocks.begin(chainId, state.leaves(), { header, certificate });
  } finally {
    await blocks.close();
  }
}

async function requireEmpty(chain: string): Promise<void> {
  const there = await readdir(chain).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  if (there.length === 0) return;
  throw new SnapshotError(
    "RESTORE_NOT_EMPTY",
    `${chain} holds a ledger already, and what a node knows is never rolled back: stop the node and move that folder away first, or name another one`,
    { detail: { folder: chain } },
  );
}
