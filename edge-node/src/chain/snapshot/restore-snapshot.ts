import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "@meshwork/foundation";
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
 * @throws SnapshotError `RESTORE_NOT_EMPTY`, `RESTORE_NOT_WRITTEN`, and those of `verifySnapshot`
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

  try {
    await place(chain, (unfinished) => write(unfinished, manifest, state));
  } catch (cause) {
    throw new SnapshotError(
      "RESTORE_NOT_WRITTEN",
      `${chain} cannot be written: ${messageOf(cause)}. Nothing is restored; look at the disk and at the folder's owner, then run this again`,
      { detail: { folder: chain }, cause },
    );
  }
}

/** Makes a folder under another name first: it is there as a whole, or not at all. */
async function place(folder: string, fill: (unfinished: string) => Promise<void>): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await fill(unfinished);
  await syncFolder(unfinished);
  // Fails if a node has put a ledger there meanwhile.
  await rename(unfinished, folder);
  await syncFolder(dirname(folder));
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
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return [];
    throw error;
  });
  if (there.length === 0) return;
  throw new SnapshotError(
    "RESTORE_NOT_EMPTY",
    `${chain} holds a ledger already, and what a node knows is never rolled back: stop the node and move that folder away first, or name another one`,
    { detail: { folder: chain } },
  );
}
