import { codeOf, type Digest, messageOf } from "@meshwork/foundation";
import { State } from "@meshwork/ledger";
import {
  chainIdOf,
  type Genesis,
  type SnapshotChunkRef,
  type SnapshotLeaf,
  type SnapshotManifest,
  snapshotChunk,
} from "@meshwork/protocol";
import type { ObjectStore } from "@meshwork/storage";
import { anchorOf, followHandOvers, verifyCertificate } from "@meshwork/verify";
import { isSealed, needsIdentity, type Unseal } from "./sealing.ts";
import { SnapshotError } from "./snapshot-error.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

/**
 * Whether a quorum of the network made the header final that this manifest is about, and whether the
 * manifest agrees with itself.
 * @throws SnapshotError `SNAPSHOT_OTHER_NETWORK`, `SNAPSHOT_MANIFEST_DAMAGED`, `SNAPSHOT_HEADER_UNPROVEN`
 */
export function requireProven(manifest: SnapshotManifest, genesis: Genesis): void {
  const chainId = chainIdOf(genesis);
  const { header, chunks, totals } = manifest;
  if (manifest.chainId !== chainId)
    throw new SnapshotError(
      "SNAPSHOT_OTHER_NETWORK",
      `the snapshot is of network ${manifest.chainId}, and the genesis given of ${chainId}: name another place, or its genesis`,
      { detail: { stored: manifest.chainId, chainId } },
    );
  const sitting = followHandOvers(anchorOf(genesis), manifest.handOver);
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
    manifest.handOver.length === header.epoch &&
    totals.leaves === sum("leaves") &&
    totals.sizeBytes === sum("sizeBytes");
  if (!agrees)
    throw new SnapshotError(
      "SNAPSHOT_MANIFEST_DAMAGED",
      `the manifest of height ${manifest.height} contradicts itself: its height, its totals or its hand-overs are not those of its parts; take another snapshot`,
      { detail: { height: manifest.height } },
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
 * The state of a manifest that is proven, read in full: its root is the one that the header names.
 * @throws SnapshotError `SNAPSHOT_CHUNK_MISSING`, `SNAPSHOT_CHUNK_DAMAGED`, `SNAPSHOT_STATE_WRONG`
 */
export async function readState(
  store: SnapshotReader,
  manifest: SnapshotManifest,
  { onProgress = () => {}, unseal = refuseSealed }: ReadOptions = {},
): Promise<State> {
  const leaves: SnapshotLeaf[] = [];
  const of = { chunks: manifest.chunks.length, ...manifest.totals };
  let [chunks, sizeBytes] = [0, 0];
  for (const ref of manifest.chunks) {
    const chunk = await readChunk(store, ref, unseal);
    requireOrder(ref, chunk, leaves.at(-1)?.key);
    for (const leaf of chunk) leaves.push(leaf);
    chunks++;
    sizeBytes += ref.sizeBytes;
    onProgress({ chunks, leaves: leaves.length, sizeBytes, of });
  }
  const state = stateOf(leaves);
  const root = state.root();
  if (root !== manifest.header.stateRoot)
    throw wrongState(`its root is ${root}, and the header names ${manifest.header.stateRoot}`);
  return state;
}

async function readChunk(
  { chunks }: SnapshotReader,
  ref: SnapshotChunkRef,
  unseal: Unseal,
): Promise<SnapshotLeaf[]> {
  const bytes = await chunks.get(ref.content).catch((cause) => {
    throw codeOf(cause) === "OBJECT_DAMAGED" ? damaged(ref, cause) : cause;
  });
  if (bytes === null) throw missing(ref);
  const { leaves } = decodeChunk(ref, isSealed(bytes) ? await unseal(bytes) : bytes);
  if (bytes.length !== ref.sizeBytes || leaves.length !== ref.leaves)
    throw damaged(ref, new Error("it has another size than the manifest says"));
  return leaves;
}

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
