import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { foundAnew, type State } from "@meshwork/ledger";
import { chainIdOf, type Genesis, type SuccessorGenesis } from "@meshwork/protocol";
import { BlockStore } from "../store/block-store.ts";
import { syncFolder } from "../store/durable-file.ts";
import { isThere, readKnownHead } from "./known-head.ts";
import { place } from "./restore-snapshot.ts";
import { SnapshotError } from "./snapshot-error.ts";

/** The old network, how it goes on, and its last state. */
export interface Founding {
  /** Of the network that was lost. */
  founders: Genesis;
  successor: SuccessorGenesis;
  state: State;
}

/** The genesis of the network that goes on: the old one, and how it was founded anew. */
export const goesOn = ({ founders, successor }: Omit<Founding, "state">): Genesis => ({
  ...founders,
  successors: [...founders.successors, successor],
});

/**
 * After a total loss: begins the successor's chain in a node's folder, at the state that the founders
 * signed. The ledger of the old network, where one is there, is kept beside it: it alone holds the blocks
 * of that time. `chain` appears whole, in one step, or not at all.
 * @returns where the old ledger is now, or null @throws FoundingError; SnapshotError `RESTORE_NOT_EMPTY`
 */
export async function beginAnew(folder: string, founding: Founding): Promise<string | null> {
  const { header, state } = foundAnew(founding.state, founding);
  const genesis = goesOn(founding);
  const chainId = chainIdOf(genesis);
  const chain = join(folder, "chain");
  const isKept = await isThere(chain);
  if (isKept) await requireOther(chain, genesis);

  const anew = `${chain}.anew`;
  await rm(anew, { recursive: true, force: true });
  await place(anew, false, async (unfinished) => {
    const blocks = await BlockStore.open(unfinished);
    try {
      await blocks.begin(chainId, state.leaves(), { header, certificate: null, handOvers: [] });
    } finally {
      await blocks.close();
    }
  });
  const kept = isKept ? `${chain}.before-${chainId.slice(0, 8)}` : null;
  if (kept !== null) await rename(chain, kept);
  await rename(anew, chain);
  await syncFolder(folder);
  return kept;
}

/** What the new network has agreed on since is never rolled back. */
async function requireOther(chain: string, genesis: Genesis): Promise<void> {
  const known = await readKnownHead(chain, genesis);
  if (known === null) return;
  throw new SnapshotError(
    "RESTORE_NOT_EMPTY",
    `${chain} holds the new network's ledger already, at height ${known.height}: start the node on the new genesis`,
    { detail: { folder: chain, height: known.height } },
  );
}
