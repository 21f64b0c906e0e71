import { stat } from "node:fs/promises";
import { join } from "node:path";
import { chainIdOf, type Genesis, headerHash } from "@meshwork/protocol";
import type { NamedBlock } from "@meshwork/verify";
import { BlockStore } from "../store/block-store.ts";

/** How far a folder's ledger goes, without building its state. */
export interface KnownHead {
  readonly height: number;
  /** Wall time of that block, or of the genesis. */
  readonly time: number;
  /** The last end of an epoch that it has checked itself; null in the first. */
  readonly checkpoint: NamedBlock | null;
}

/**
 * The genesis where there is no ledger yet; null where there is another network's, of which this says nothing.
 * @throws ChainError `STORE_LOCKED`, `STORE_CORRUPT`
 */
export async function readKnownHead(chain: string, genesis: Genesis): Promise<KnownHead | null> {
  const beginning = { height: 0, time: genesis.time, checkpoint: null };
  // Opening would make a database where there is none.
  if (!(await isThere(join(chain, "CURRENT")))) return beginning;
  const blocks = await BlockStore.open(chain);
  try {
    const chainId = await blocks.chainId();
    if (chainId !== null && chainId !== chainIdOf(genesis)) return null;
    const height = chainId === null ? 0 : await blocks.headHeight();
    if (height === 0) return beginning;
    const header = (await blocks.blockAt(height))?.block.header ?? (await blocks.base())?.header;
    const checkpoint = await lastEpochEnd(blocks, header?.epoch ?? 0);
    return { height, time: header?.time ?? genesis.time, checkpoint };
  } finally {
    await blocks.close();
  }
}

async function lastEpochEnd(blocks: BlockStore, epoch: number): Promise<NamedBlock | null> {
  // The head may itself be the last of its epoch.
  const last = (await blocks.handOvers(Math.max(0, epoch - 1), 2)).at(-1);
  return last === undefined ? null : { height: last.header.height, hash: headerHash(last.header) };
}

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
