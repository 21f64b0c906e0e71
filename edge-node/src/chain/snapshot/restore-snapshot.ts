import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "@meshwork/foundation";
import type { State } from "@meshwork/ledger";
import type { Genesis, SnapshotManifest } from "@meshwork/protocol";
import { BlockStore } from "../store/block-store.ts";
import { syncFolder } from "../store/durable-file.ts";
import { isThere, readKnownHead } from "./known-head.ts";
import type { FoundSnapshot } from "./list-snapshots.ts";
import {
  type ReadOptions,
  type RecentTrust,
  readState,
  requireProven,
  type SnapshotReader,
} from "./read-snapshot.ts";
import { SnapshotError } from "./snapshot-error.ts";

export interface RestoreOptions extends ReadOptions {
  genesis: Genesis;
  /** What a node may live by. @default whatever the genesis proves, however old */
  trust?: RecentTrust | undefined;
  /** The node's folder: the ledger goes into `chain`, and nothing else is touched. */
  folder: string;
  /** Checks all that it would check, and writes nothing. @default false */
  dryRun?: boolean;
  /** Takes the place of a lower ledger of this network. @default false: there must be none */
  replaces?: boolean;
}

/**
 * Begins a node's chain at a snapshot. Certificate, chunks and state root are checked before anything is
 * written; `chain` appears whole, in one step, or not at all. Neither vote key nor log comes with it, and
 * those that the folder holds stay: a seat does not vote where its log may have forgotten what it signed.
 * @throws SnapshotError `RESTORE_NOT_EMPTY`, `RESTORE_NOT_WRITTEN`, and those of `verifySnapshot`
 */
export async function restoreSnapshot(
  { manifest }: FoundSnapshot,
  store: SnapshotReader,
  { genesis, trust, folder, dryRun = false, replaces = false, ...options }: RestoreOptions,
): Promise<void> {
  const chain = join(folder, "chain");
  if (replaces) await requireLower(chain, genesis, manifest.height);
  else await requireEmpty(chain);
  requireProven(manifest, genesis, trust);
  const state = await readState(store, manifest, options);
  if (dryRun) return;

  try {
    await place(chain, replaces, (unfinished) => write(unfinished, manifest, state));
  } catch (cause) {
    throw new SnapshotError(
      "RESTORE_NOT_WRITTEN",
      `${chain} cannot be written: ${messageOf(cause)}. Nothing is restored; look at the disk and at the folder's owner, then run this again`,
      { detail: { folder: chain }, cause },
    );
  }
}

/** Makes a folder under another name first: it is there as a whole, or not at all. */
export async function place(
  folder: string,
  replaces: boolean,
  fill: (unfinished: string) => Promise<void>,
): Promise<void> {
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await fill(unfinished);
  await syncFolder(unfinished);
  // What is replaced stays until the other is in its place: a crash in between is mended at the next start.
  if (replaces) await rename(folder, replaced(folder)).catch(unlessMissing);
  // Fails if a node has put a ledger there meanwhile.
  await rename(unfinished, folder);
  await syncFolder(dirname(folder));
  if (replaces) await rm(replaced(folder), { recursive: true, force: true });
}

const replaced = (folder: string) => `${folder}.replaced`;

/** After a crash while one ledger took the place of another: there is one again, whole, and one alone. */
export async function mendReplacement(chain: string): Promise<void> {
  if (!(await isThere(replaced(chain)))) return;
  if (await isThere(chain)) await rm(replaced(chain), { recursive: true, force: true });
  else await rename(replaced(chain), chain);
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

async function write(
  folder: string,
  { chainId, header, certificate, handOver: handOvers }: SnapshotManifest,
  state: State,
): Promise<void> {
  const blocks = await BlockStore.open(folder);
  try {
    await blocks.begin(chainId, state.leaves(), { header, certificate, handOvers });
  } finally {
    await blocks.close();
  }
}

/** What a node knows to be final is never rolled back. */
async function requireLower(chain: string, genesis: Genesis, height: number): Promise<void> {
  const known = await readKnownHead(chain, genesis);
  if (known !== null && known.height < height) return;
  throw new SnapshotError(
    "SNAPSHOT_TOO_OLD",
    `the snapshot is of height ${height}, and ${chain} holds ${known === null ? "another network's ledger" : `block ${known.height}`}: it stays as it is`,
    { detail: { height, known: known?.height ?? null } },
  );
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
