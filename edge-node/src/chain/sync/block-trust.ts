import type { Clock } from "@meshwork/foundation";
import { headerHash } from "@meshwork/protocol";
import { anchorOf, type NamedBlock, trustIn } from "@meshwork/verify";
import { ChainError } from "../chain-error.ts";
import type { Chain } from "../store/chain.ts";

/**
 * Why no blocks are to be taken from others: this node knows nothing but a genesis of long ago, and with
 * keys stolen since somebody could have made another ledger of it. Null: its own head, or its operator's
 * word, is enough to go on from. A ledger that this node has followed goes on however long it stood: it is
 * as likely the whole network that slept, and nodes that all wait for a word would wait for ever.
 */
export function distrust(
  { chain, clock }: { chain: Pick<Chain, "genesis" | "head">; clock: Pick<Clock, "now"> },
  checkpoint: NamedBlock | null,
): ChainError | null {
  const anchor = anchorOf(chain.genesis);
  const isNew = chain.head.certificate === null;
  if (!isNew || checkpoint !== null || trustIn(anchor, { now: clock.now() }) === "valid")
    return null;
  return new ChainError(
    "SYNC_UNANCHORED",
    `the genesis is of ${new Date(anchor.time).toISOString()}, older than the trust period, and keys stolen since could prove a false ledger: ` +
      "ask somebody you trust for the end of a recent epoch, and name it by MESHWORK_CHECKPOINT or --checkpoint, or join by a new invite that names one",
  );
}

/**
 * Calls `onFatal` once the chain holds another block in the place that the operator named: what brought it
 * here is not his network. Returns how to stop.
 */
export async function holdToCheckpoint(
  { chain, onFatal }: { chain: Pick<Chain, "blockAt" | "head" | "onCommit">; onFatal: OnFatal },
  { height, hash }: NamedBlock,
): Promise<() => void> {
  const contradicted = (found: string) =>
    new ChainError(
      "CHECKPOINT_CONTRADICTED",
      `block ${height} is ${found} here, and the checkpoint names ${hash}: ask again for the checkpoint; if it is right, ` +
        "this ledger was made with stolen keys: move the folder `chain` away, and start the node again",
      { detail: { height } },
    );
  const known = await chain.blockAt(height);
  if (known !== null && headerHash(known.block.header) !== hash)
    throw contradicted(headerHash(known.block.header));
  return chain.onCommit((committed) => {
    if (committed.height === height && committed.hash !== hash)
      onFatal(contradicted(committed.hash));
  });
}
type OnFatal = (error: unknown) => void;
