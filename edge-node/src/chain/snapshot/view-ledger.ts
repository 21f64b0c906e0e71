import { join } from "node:path";
import { State } from "@meshwork/ledger";
import { silentLog } from "@meshwork/observability";
import {
  chainIdOf,
  type FinalizedBlock,
  type Genesis,
  type SnapshotLeaf,
  snapshotChunk,
} from "@meshwork/protocol";
import type { BlockFacts } from "../store/block-facts.ts";
import { type Chain, openChain } from "../store/chain.ts";
import { requireChain, requireNetwork } from "./back-up-node.ts";
import type { FoundSnapshot } from "./list-snapshots.ts";
import {
  type ReadOptions,
  readState,
  requireProven,
  type SnapshotReader,
} from "./read-snapshot.ts";
import { findRunningNode, type RunningNode } from "./running/ask-running-node.ts";

export interface BlockWithFacts {
  readonly finalized: FinalizedBlock;
  readonly facts: BlockFacts;
}

/** A ledger to look at, wherever it lies: of one moment. */
export interface LedgerView {
  readonly height: number;
  readonly state: State;
  /** Both ends included, as far as they are there; a snapshot has none. */
  blocks(range: { from: number; to: number }): AsyncIterable<BlockWithFacts>;
  close(): Promise<void>;
}

/**
 * The ledger of the node in this folder, while it runs or stands.
 * @throws SnapshotError `BACKUP_NO_CHAIN`, `BACKUP_BUSY`, …; ChainError `STORE_LOCKED`, …
 */
export async function viewNode(folder: string, genesis: Genesis): Promise<LedgerView> {
  const path = join(folder, "chain");
  await requireChain(path);
  const running = await findRunningNode(folder);
  if (running !== null) return viewRunning(running, genesis);
  const chain = await openChain({ folder: path, genesis, log: silentLog });
  const { height, state } = chain.head;
  return { height, state, blocks: (range) => blocksOf(chain, range), close: () => chain.close() };
}

/** A snapshot's ledger, checked as for a restore. @throws SnapshotError as `restoreSnapshot` */
export async function viewSnapshot(
  { manifest }: FoundSnapshot,
  store: SnapshotReader,
  { genesis, ...options }: ReadOptions & { genesis: Genesis },
): Promise<LedgerView> {
  requireProven(manifest, genesis);
  const state = await readState(store, manifest, options);
  return { height: manifest.height, state, blocks: async function* () {}, close: async () => {} };
}

async function viewRunning(running: RunningNode, genesis: Genesis): Promise<LedgerView> {
  try {
    const { header, chunks } = await running.state();
    requireNetwork(header.chainId, chainIdOf(genesis));
    const leaves: SnapshotLeaf[] = [];
    for await (const { bytes } of chunks)
      for (const leaf of snapshotChunk.decode(bytes).leaves) leaves.push(leaf);
    return {
      height: header.height,
      state: State.fromLeaves(leaves),
      blocks: ({ from, to }) => running.blocks({ from, to: Math.min(to, header.height) }),
      close: async () => running.close(),
    };
  } catch (error) {
    running.close();
    throw error;
  }
}

async function* blocksOf(
  chain: Chain,
  { from, to }: { from: number; to: number },
): AsyncGenerator<BlockWithFacts> {
  const last = Math.min(to, chain.head.height);
  for (let height = Math.max(from, chain.base + 1); height <= last; height++) {
    const [finalized, facts] = await Promise.all([
      chain.blockAt(height),
      chain.history.factsAt(height),
    ]);
    if (finalized !== null && facts !== null) yield { finalized, facts };
  }
}
