import { stat } from "node:fs/promises";
import { join } from "node:path";
import { chainIdOf, type Genesis } from "@meshwork/protocol";
import { BlockStore } from "../block-store.ts";

/** How far a folder's ledger goes, without building its state. */
export interface KnownHead {
  readonly height: number;
  /** Wall time of that block, or of the genesis. */
  readonly time: number;
}

/**
 * The genesis where there is no ledger yet; null where there is another network's, of which this says nothing.
 * @throws ChainError `STORE_LOCKED`, `STORE_CORRUPT`
 */
export async function readKnownHead(chain: string, genesis: Genesis): Promise<KnownHead | null> {
  const beginning = { height: 0, time: genesis.time };
  // Opening would make a database where there is none.
  if (!(await isThere(join(chain, "CURRENT")))) return beginning;
  const blocks = await BlockStore.open(chain);
  try {
    const chainId = await blocks.chainId();
    if (chainId !== null && chainId !== chainIdOf(genesis)) return null;
    const height = chainId === null ? 0 : await blocks.headHeight();
    if (height === 0) return beginning;
    const header = (await blocks.blockAt(height))?.block.header ?? (await blocks.base())?.header;
    return { height, time: header?.time ?? genesis.time };
  } finally {
    await blocks.close();
  }
}

export const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
