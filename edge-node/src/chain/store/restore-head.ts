import { applyGenesis, checkGenesis, State } from "@meshwork/ledger";
import { chainIdOf, type Genesis, headerHash } from "@meshwork/protocol";
import { ChainError } from "../chain-error.ts";
import { type BlockStore, storeCorrupt } from "./block-store.ts";
import type { ChainHead } from "./chain-head.ts";
import type { Beginning } from "./store-layout.ts";

/**
 * The head as it was when the process ended, or the genesis in a new folder. Nothing on disk is
 * trusted: the state is built anew from its leaves and must have the root that the head names.
 * @throws ChainError `STORE_CORRUPT`, `STORE_OTHER_CHAIN`
 */
export async function restoreHead(store: BlockStore, genesis: Genesis): Promise<ChainHead> {
  checkGenesis(genesis);
  const chainId = chainIdOf(genesis);
  const stored = await store.chainId();
  if (stored === null) await store.begin(chainId, applyGenesis(genesis).state.leaves());
  else if (stored !== chainId) throw otherChain(stored, chainId);

  const height = await store.headHeight();
  const place = height === 0 ? genesisPlace(genesis) : await placeOf(store, height);
  const state = await restoreState(store);
  if (state.root() !== place.header.stateRoot)
    throw storeCorrupt(
      `its state has the root ${state.root()}, and block ${height} names ${place.header.stateRoot}`,
    );
  return { height, state, ...place };
}

function genesisPlace(genesis: Genesis) {
  const { header } = applyGenesis(genesis);
  return { header, hash: headerHash(header), certificate: null };
}

async function placeOf(store: BlockStore, height: number) {
  const { header, certificate } = await provenAt(store, height);
  const hash = headerHash(header);
  // A chain that founders began anew has no votes for its beginning.
  const ballot = certificate?.ballot ?? { blockHash: hash, height };
  if (header.height !== height || ballot.blockHash !== hash || ballot.height !== height)
    throw storeCorrupt(`block ${height} and its certificate do not belong together`);
  return { header, hash, certificate };
}

/** The head is a block, or the one after which the chain begins: of that the header alone is here. */
async function provenAt(store: BlockStore, height: number): Promise<Beginning> {
  const found = await store.blockAt(height);
  if (found !== null) return { header: found.block.header, certificate: found.certificate };
  const base = await store.base();
  if (base?.header.height === height) return base;
  throw storeCorrupt(`its head, block ${height}, is missing`);
}

async function restoreState(store: BlockStore): Promise<State> {
  try {
    return State.fromLeaves(await store.leaves());
  } catch (cause) {
    throw storeCorrupt("a leaf of its state cannot be read", cause);
  }
}

const otherChain = (stored: string, chainId: string) =>
  new ChainError(
    "STORE_OTHER_CHAIN",
    `this folder holds the chain ${stored}, and the genesis given is of ${chainId}: name another folder, or the genesis that belongs to it`,
    { detail: { stored, chainId } },
  );
