import { join } from "node:path";
import { type Clock, CodedError, codeOf, messageOf } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { Genesis } from "@meshwork/protocol";
import type { NamedBlock } from "@meshwork/verify";
import { readKnownHead } from "./known-head.ts";
import type { FoundSnapshot } from "./list-snapshots.ts";
import type { SnapshotReader } from "./read-snapshot.ts";
import { mendReplacement, restoreSnapshot } from "./restore-snapshot.ts";

/** Where a node that begins, or was away for long, may find a snapshot. Nothing that it says is believed. */
export interface JoinSource {
  /** For the log. */
  readonly name: string;
  visit<T>(
    work: (offered: readonly FoundSnapshot[], reader: SnapshotReader) => Promise<T>,
  ): Promise<T>;
  /** Its chunks are not the state that it claims: for ever, so that nobody need look at it again. */
  onForged?(found: FoundSnapshot): Promise<void>;
}

/** What is wrong with the manifest itself, and not with who gave its chunks. */
const FORGED = new Set(["SNAPSHOT_STATE_WRONG", "SNAPSHOT_CHUNK_DAMAGED"]);

export interface JoinParts {
  clock: Clock;
  log: Log;
  /** In the order in which they are asked. */
  sources: readonly JoinSource[];
}

export interface JoinOptions {
  /** The node's folder; no process has its ledger open. */
  folder: string;
  genesis: Genesis;
  /** A block that the operator trusts; the ledger's own last end of an epoch, if that is higher. @default the genesis */
  checkpoint?: NamedBlock | null;
  /** A ledger whose last block is younger goes on by blocks: they are few. @default one hour */
  minAgeMs?: number;
  /** A snapshot that is less ahead is not worth it. @default 1000, which a node runs in seconds */
  minBlocks?: number;
}

const HOUR_MS = 3_600_000;
const MIN_BLOCKS = 1_000;

/**
 * Brings a ledger that is empty or far behind to the newest snapshot that is to be had; the rest comes by
 * blocks. What is no snapshot of this network's final state is refused, and the next one is tried. Where
 * there is none the ledger stays as it is, and all comes by blocks. Answers with the height, or null.
 */
export async function joinBySnapshot(
  { clock, log, sources }: JoinParts,
  { folder, genesis, checkpoint = null, minAgeMs = HOUR_MS, minBlocks = MIN_BLOCKS }: JoinOptions,
): Promise<number | null> {
  const chain = join(folder, "chain");
  await mendReplacement(chain);
  const known = await readKnownHead(chain, genesis).catch(() => null);
  // What is wrong with the ledger here, its opening tells.
  if (known === null || clock.now() - known.time < minAgeMs) return null;

  const trust = { now: clock.now(), checkpoint: higherOf(checkpoint, known.checkpoint) };
  for (const source of sources) {
    try {
      const height = await source.visit((offered, reader) =>
        takeFirst(
          offered.filter(({ manifest }) => manifest.height >= known.height + minBlocks),
          (found) => take(source, found, reader),
        ),
      );
      if (height !== null) return height;
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log.warn("no snapshot could be had", { source: source.name, ...reasonOf(error) });
    }
  }
  return null;

  async function take(
    source: JoinSource,
    found: FoundSnapshot,
    reader: SnapshotReader,
  ): Promise<number | null> {
    const { height } = found.manifest;
    try {
      await restoreSnapshot(found, reader, { genesis, trust, folder, replaces: true });
    } catch (error) {
      if (!(error instanceof CodedError)) throw error;
      log.warn("a snapshot is refused", { height, ...reasonOf(error) });
      if (FORGED.has(codeOf(error))) await source.onForged?.(found);
      return null;
    }
    log.info("the ledger begins at a snapshot", { height, before: known?.height });
    return height;
  }
}

/** What is trusted most recently: the operator's word, or what the node has checked itself. */
export const higherOf = (
  one: NamedBlock | null,
  other: NamedBlock | null,
): NamedBlock | undefined =>
  (one?.height ?? 0) >= (other?.height ?? 0) ? (one ?? undefined) : (other ?? undefined);

async function takeFirst<T>(
  offered: readonly T[],
  take: (one: T) => Promise<number | null>,
): Promise<number | null> {
  for (const one of offered) {
    const height = await take(one);
    if (height !== null) return height;
  }
  return null;
}

const reasonOf = (error: unknown) => ({ code: codeOf(error), reason: messageOf(error) });
