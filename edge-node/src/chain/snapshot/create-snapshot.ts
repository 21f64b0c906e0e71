import { type ContentId, codeOf } from "@meshwork/foundation";
import {
  type HandOver,
  headerHash,
  type SnapshotChunkRef,
  type SnapshotManifest,
  snapshotManifest,
} from "@meshwork/protocol";
import { type Anchor, type AnchorStore, contentIdOf } from "@meshwork/storage";
import type { ChainHead } from "../store/chain-head.ts";
import type { ChunkBounds, EncodedChunk } from "./chunks.ts";
import { listSnapshots } from "./list-snapshots.ts";
import { requireChunks } from "./read-snapshot.ts";
import type { Seal } from "./sealing.ts";
import { SnapshotError } from "./snapshot-error.ts";
import { type SnapshotProof, type SnapshotSource, snapshotSource } from "./snapshot-source.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface CreateProgress {
  readonly leaves: number;
  readonly sizeBytes: number;
  readonly chunks: number;
  /** Of these chunks, those that the store had: from an earlier snapshot, or an interrupted attempt. */
  readonly reused: number;
}

export interface CreateOptions {
  /** How the committees before the head's followed each other. @default none: the head is of the first epoch */
  handOvers?: readonly HandOver[];
  /** After each chunk. */
  onProgress?: (progress: CreateProgress) => void;
  /** @default the protocol's; others are for tests */
  bounds?: ChunkBounds;
  /** Makes each chunk readable to its recipients alone. Then no two snapshots share any. @default readable to all */
  seal?: Seal;
  /** Reads each chunk that the store says it has, and stores it again where it is damaged. @default false: it is believed */
  check?: boolean;
  /** Ends it before the next chunk; the next attempt goes on with what is there. */
  signal?: AbortSignal;
}

export interface CreatedSnapshot extends CreateProgress {
  readonly id: ContentId;
  readonly manifest: SnapshotManifest;
}

/** @throws SnapshotError `BACKUP_NO_BLOCKS`, and those of `publishSnapshot` */
export const createSnapshot = async (
  head: ChainHead,
  store: SnapshotStore,
  { handOvers = [], bounds, ...options }: CreateOptions = {},
): Promise<CreatedSnapshot> =>
  publishSnapshot(snapshotSource(head, handOvers, bounds), store, options);

/**
 * Puts a state where others can find it: chunks, then the manifest, then the head. Cut short at any
 * moment it leaves no snapshot, and the next attempt goes on with the chunks that are there.
 * @throws SnapshotError `SNAPSHOT_OTHER_NETWORK`, `SNAPSHOT_OVERTAKEN`; StorageError
 */
export async function publishSnapshot(
  source: SnapshotSource,
  store: SnapshotStore,
  {
    onProgress = () => {},
    seal = asItIs,
    check = false,
    signal,
  }: Omit<CreateOptions, "bounds" | "handOvers"> = {},
): Promise<CreatedSnapshot> {
  const { header, certificate, handOver } = source;
  const anchor: Anchor = { height: header.height, hash: headerHash(header) };
  await requireOwnNetwork(store, source);
  requireAhead(await store.anchors.head(), anchor);

  let progress: CreateProgress = { leaves: 0, sizeBytes: 0, chunks: 0, reused: 0 };
  const chunks: SnapshotChunkRef[] = [];
  for await (const chunk of source.chunks) {
    const sealed = { ...chunk, bytes: await seal(chunk.bytes) };
    const { ref, reused } = await putChunk(store, sealed, check ? isWhole : isThere);
    chunks.push(ref);
    progress = {
      leaves: progress.leaves + ref.leaves,
      sizeBytes: progress.sizeBytes + ref.sizeBytes,
      chunks: chunks.length,
      reused: progress.reused + Number(reused),
    };
    onProgress(progress);
    signal?.throwIfAborted();
  }

  const { leaves, sizeBytes } = progress;
  const manifest: SnapshotManifest = {
    ...{ format: 1, chainId: header.chainId, height: header.height },
    ...{ header, certificate, handOver: [...handOver] },
    ...{ chunks, totals: { leaves, sizeBytes } },
  };
  const id = await store.manifests.put(snapshotManifest.encode(manifest));
  // What was reused may have been pruned before the manifest said that it is needed.
  await requireChunks(store, manifest);
  await moveHead(store.anchors, anchor);
  return { id, manifest, ...progress };
}

const asItIs: Seal = async (bytes) => bytes;

async function requireOwnNetwork(store: SnapshotStore, { header }: SnapshotProof): Promise<void> {
  const { snapshots } = await listSnapshots(store);
  const stranger = snapshots.find(({ manifest }) => manifest.chainId !== header.chainId);
  if (stranger === undefined) return;
  throw new SnapshotError(
    "SNAPSHOT_OTHER_NETWORK",
    `this place holds snapshots of ${stranger.manifest.chainId}, and the node is of ${header.chainId}: name another place`,
    { detail: { stored: stranger.manifest.chainId, chainId: header.chainId } },
  );
}

type Chunks = SnapshotStore["chunks"];

const isThere = (chunks: Chunks, content: ContentId): Promise<boolean> => chunks.has(content);

async function isWhole(chunks: Chunks, content: ContentId): Promise<boolean> {
  try {
    return (await chunks.get(content)) !== null;
  } catch (error) {
    if (codeOf(error) === "OBJECT_DAMAGED") return false;
    throw error;
  }
}

async function putChunk(
  { chunks }: SnapshotStore,
  { bytes, leaves }: EncodedChunk,
  isStored: typeof isThere,
): Promise<{ ref: SnapshotChunkRef; reused: boolean }> {
  const content = contentIdOf(bytes);
  const reused = await isStored(chunks, content);
  if (!reused) await chunks.put(bytes);
  return { ref: { content, leaves, sizeBytes: bytes.length }, reused };
}

/** Two archivers of one height name one block, whatever their manifests; of two heights the greater stays. */
async function moveHead(anchors: AnchorStore, next: Anchor): Promise<void> {
  await anchors.append(next);
  let head = await anchors.head();
  while (!isSame(head, next)) {
    requireAhead(head, next);
    if (await anchors.compareAndSetHead(head, next)) return;
    const moved = await anchors.head();
    if (isSame(moved, head))
      throw new SnapshotError(
        "SNAPSHOT_STORE_UNUSABLE",
        `the head is at ${head?.height ?? 0} and cannot be moved to ${next.height}: the snapshot is whole, the store is not; look at its anchors`,
      );
    head = moved;
  }
}

const isSame = (a: Anchor | null, b: Anchor | null): boolean =>
  a?.height === b?.height && a?.hash === b?.hash;

function requireAhead(head: Anchor | null, { height }: Pick<Anchor, "height">): void {
  if (head === null || head.height <= height) return;
  throw new SnapshotError(
    "SNAPSHOT_OVERTAKEN",
    `somebody has published a snapshot of height ${head.height}, above this node's ${height}: nothing is lost; let the node catch up and try again`,
    { detail: { published: head.height, height } },
  );
}
