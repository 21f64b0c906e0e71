import type { ChainId, PublicKey } from "@meshwork/foundation";
import { chainIdOf, type Genesis, genesis, genesisVoteKeys } from "@meshwork/protocol";

/**
 * What a checker believes beforehand; everything else is proved from it. Narrow for now: the network's
 * genesis, whose committee still sits. A later checkpoint is another anchor of the same shape.
 */
export interface Anchor {
  chainId: ChainId;
  epoch: number;
  /** By seat. */
  voteKeys: readonly PublicKey[];
  /** When these keys were known to be in the right hands. Milliseconds since the Unix epoch. */
  time: number;
}

/** @param source the genesis, or its canonical bytes; throws `WireError` for bytes that are none. */
export function anchorOf(source: Genesis | Uint8Array): Anchor {
  const value = source instanceof Uint8Array ? genesis.decode(source) : source;
  return {
    chainId: chainIdOf(value),
    epoch: 0,
    voteKeys: genesisVoteKeys(value),
    time: value.time,
  };
}
