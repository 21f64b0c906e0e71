import { codeOf, type Digest, limits, messageOf } from "@meshwork/foundation";
import { State } from "@meshwork/ledger";
import {
  chainIdOf,
  firstEpochOf,
  type Genesis,
  type SnapshotChunkRef,
  type SnapshotLeaf,
  type SnapshotManifest,
  snapshotChunk,
} from "@meshwork/protocol";
import type { ObjectStore } from "@meshwork/storage";
import {
  type Anchor,
  anchorAt,
  anchorOf,
  followHandOvers,
  type NamedBlock,
  type Refusal,
  trustIn,
  verifyCertificate,
} from "@meshwork/verify";
import { RootFold } from "./fold-root.ts";
import { isSealed, needsIdentity, type Unseal } from "./sealing.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/** How old the keys may be from which a ledger is proved that a node is to live by. */
export interface RecentTrust {
  /** Wall time. */
  readonly now: number;
  /** A block that the operator trusts: the end of an epoch, or the snapshot's own. @default the genesis */
  readonly checkpoint?: NamedBlock | undefined;
}

/**
 * Whether a quorum of the network made the header final that this manifest is about, and whether the
 * manifest agrees with itself.
 * @throws SnapshotError `SNAPSHOT_OTHER_NETWORK`, `SNAPSHOT_MANIFEST_DAMAGED`, `SNAPSHOT_HEADER_UNPROVEN`,
 *   `SNAPSHOT_TOO_LARGE`, `SNAPSHOT_UNANCHORED`
 * @param trust for who is to live by it; who only looks may do without
 */
export function requireProven(
  manifest: SnapshotManifest,
  genesis: Genesis,
  trust?: RecentTrust,
): void {
  const chainId = chainIdOf(genesis);
  const { header, chunks, totals } = manifest;
  if (manifest.chainId !== chainId)
    throw new SnapshotError(
      "SNAPSHOT_OTHER_NETWORK",
      `the snapshot is of network ${manifest.chainId}, and the genesis given of ${chainId}: name another place, or its genesis`,
      { detail: { stored: manifest.chainId, chainId } },
    );
  const anchor = youngAnchor(manifest, genesis, trust);
  const sitting = followHandOvers(anchor, manifest.handOver);
  const refusal = "code" in sitting ? sitting : verifyCertificate(sitting, manifest);
  if (refusal !== null)
    throw new SnapshotError(
      "SNAPSHOT_HEADER_UNPROVEN",
      `the snapshot's header is not to be believed: ${refusal.reason}. Take another snapshot, and ask who wrote this one`,
      { detail: { reason: refusal.code } },
    );
  const sum = (of: "leaves" | "sizeBytes") => chunks.reduce((all, chunk) => all + chunk[of], 0);
  const agrees =
    manifest.height === header.height &&
    manifest.handOver.length === header.epoch - firstEpochOf(genesis) &&
    totals.leaves === sum("leaves") &&
    totals.sizeBytes === sum("sizeBytes");
  if (!agrees)
    throw new SnapshotError(
      "SNAPSHOT_MANIFEST_DAMAGED",
      `the manifest of height ${manifest.height} contradicts itself: its height, its totals or its hand-overs are not those of its parts; take another snapshot`,
      { detail: { height: manifest.height } },
    );
  if (totals.sizeBytes > limits.snapshotStateBytes)
    throw new SnapshotError(
      "SNAPSHOT_TOO_LARGE",
      `the snapshot of height ${manifest.height} claims ${totals.sizeBytes} bytes, and no node holds a state of more than ${limits.snapshotStateBytes}: take another one`,
      { detail: { sizeBytes: totals.sizeBytes } },
    );
}

/**
 * Keys of long ago may have been stolen since, and would prove another ledger as well. A block that the operator
 * has named himself needs no keys at all.
 */
function youngAnchor(
  manifest: SnapshotManifest,
  genesis: Genesis,
  trust: RecentTrust | undefined,
): Anchor {
  const start = anchorOf(genesis);
  if (trust === undefined) return start;
  const { now, checkpoint } = trust;
  const anchor = checkpoint === undefined ? start : anchorAt(start, checkpoint, manifest);
  if ("code" in anchor) throw unanchored(`${anchor.reason}; name another one`, anchor);
  if (trustIn(anchor, { now }) === "valid" || checkpoint?.height === manifest.height) return anchor;
  const what = checkpoint === undefined ? "genesis" : `checkpoint ${checkpoint.height}`;
  const since = new Date(anchor.time).toISOString();
  throw unanchored(
    `the ${what} is of ${since}, older than the trust period, and keys stolen since could prove a false ledger: ` +
      "ask somebody you trust for the end of a newer epoch, and name it by --checkpoint HEIGHT:HASH or MESHWORK_CHECKPOINT",
  );
}

/** All that is needed of a place to read a snapshot whose manifest is known. */
export interface SnapshotReader {
  readonly chunks: Pick<ObjectStore, "get">;
}

/** Whether every chunk is there, without reading it. @throws SnapshotError `SNAPSHOT_CHUNK_MISSING` */
export async function requireChunks(
  { chunks }: SnapshotStore,
  manifest: SnapshotManifest,
): Promise<void> {
  for (const chunk of manifest.chunks) if (!(await chunks.has(chunk.content))) throw missing(chunk);
}

export interface ReadProgress {
  readonly chunks: number;
  readonly leaves: number;
  readonly sizeBytes: number;
  readonly of: { readonly chunks: number } & SnapshotManifest["totals"];
}

export interface ReadOptions {
  /** After each chunk. */
  onProgress?: (progress: ReadProgress) => void;
  /** For sealed ones. @default they are refused: `SNAPSHOT_SEALED` */
  unseal?: Unseal;
}

/**
 * Whether the chunks of a manifest that is proven are the state that its header names. Who wrote the
 * manifest chose how much that is: one chunk is held at a time.
 * @throws SnapshotError `SNAPSHOT_CHUNK_MISSING`, `SNAPSHOT_CHUNK_DAMAGED`, `SNAPSHOT_STATE_WRONG`
 */
export async function requireState(
  store: SnapshotReader,
  manifest: SnapshotManifest,
  { onProgress = () => {}, unseal }: ReadOptions = {},
): Promise<void> {
  const fold = new RootFold();
  const of = { chunks: manifest.chunks.length, ...manifest.totals };
  let [chunks, leaves, sizeBytes] = [0, 0, 0];
  for await (const { ref, chunk } of chunksIn(store, manifest, unseal)) {
    stateOf(chunk);
    for (const leaf of chunk) fold.add(leaf);
    chunks++;
    leaves += ref.leaves;
    sizeBytes += ref.sizeBytes;
    onProgress({ chunks, leaves, sizeBytes, of });
  }
  requireRoot(fold.root(), manifest);
}

/**
 * The state of a manifest that is proven. It is read twice, so that a forged one, however large, is refused before
 * any of it is kept in memory.
 * @throws SnapshotError as `requireState`
 */
export async function readState(
  store: SnapshotReader,
  manifest: SnapshotManifest,
  options: ReadOptions = {},
): Promise<State> {
  await requireState(store, manifest, options);
  const leaves: SnapshotLeaf[] = [];
  for await (const { chunk } of chunksIn(store, manifest, options.unseal))
    for (const leaf of chunk) leaves.push(leaf);
  const state = stateOf(leaves);
  requireRoot(state.root(), manifest);
  return state;
}

function requireRoot(root: Digest, { header }: SnapshotManifest): void {
  if (root !== header.stateRoot)
    throw wrongState(`its root is ${root}, and the header names ${header.stateRoot}`);
}

/** Each as its reference has it, and all in order. */
async function* chunksIn(
  store: SnapshotReader,
  manifest: SnapshotManifest,
  unseal: Unseal = refuseSealed,
): AsyncGenerator<{ ref: SnapshotChunkRef; chunk: readonly SnapshotLeaf[] }> {
  let last: Digest | undefined;
  for (const ref of manifest.chunks) {
    const chunk = await readChunk(store, ref, unseal);
    requireOrder(ref, chunk, last);
    last = chunk.at(-1)?.key;
    yield { ref, chunk };
  }
}

async function readChunk(
  { chunks }: SnapshotReader,
  ref: SnapshotChunkRef,
  unseal: Unseal,
): Promise<SnapshotLeaf[]> {
  const bytes = await chunks.get(ref.content, { maxBytes: ref.sizeBytes }).catch((cause) => {
    throw NOT_AS_NAMED.has(codeOf(cause)) ? damaged(ref, cause) : cause;
  });
  if (bytes === null) throw missing(ref);
  const { leaves } = decodeChunk(ref, isSealed(bytes) ? await unseal(bytes) : bytes);
  if (bytes.length !== ref.sizeBytes || leaves.length !== ref.leaves)
    throw damaged(ref, new Error("it has another size than the manifest says"));
  return leaves;
}

const NOT_AS_NAMED = new Set(["OBJECT_DAMAGED", "OBJECT_TOO_LARGE"]);

const refuseSealed: Unseal = () => Promise.reject(needsIdentity());

function decodeChunk(ref: SnapshotChunkRef, bytes: Uint8Array) {
  try {
    return snapshotChunk.decode(bytes);
  } catch (cause) {
    throw damaged(ref, cause);
  }
}

/** One state has one order of leaves, and none of them twice. */
function requireOrder(
  ref: SnapshotChunkRef,
  chunk: readonly SnapshotLeaf[],
  before: Digest | undefined,
): void {
  let last = before;
  for (const { key } of chunk) {
    if (last !== undefined && key <= last)
      throw damaged(ref, new Error(`leaf ${key} does not come after ${last}`));
    last = key;
  }
}

function stateOf(leaves: readonly SnapshotLeaf[]): State {
  try {
    return State.fromLeaves(leaves);
  } catch (cause) {
    throw wrongState(messageOf(cause), cause);
  }
}

const unanchored = (why: string, refusal?: Refusal) =>
  new SnapshotError("SNAPSHOT_UNANCHORED", `nothing young enough is trusted here: ${why}`, {
    detail: { reason: refusal?.code ?? null },
  });

const missing = ({ content }: SnapshotChunkRef) =>
  new SnapshotError(
    "SNAPSHOT_CHUNK_MISSING",
    `chunk ${content} is not in the store: take another snapshot, or create this one again from a node of its height`,
    { detail: { chunk: content } },
  );

const damaged = ({ content }: SnapshotChunkRef, cause: unknown) =>
  new SnapshotError(
    "SNAPSHOT_CHUNK_DAMAGED",
    `chunk ${content} is not what the manifest says: ${messageOf(cause)}. Take another snapshot, or delete the chunk and create the snapshot again`,
    { detail: { chunk: content }, cause },
  );

const wrongState = (what: string, cause?: unknown) =>
  new SnapshotError(
    "SNAPSHOT_STATE_WRONG",
    `the snapshot's chunks are not the state that was agreed on: ${what}. Take another snapshot, and ask who wrote this one`,
    cause === undefined ? {} : { cause },
  );
