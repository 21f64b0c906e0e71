import { type Application, blockHashOf } from "@meshwork/consensus";
import { vrfProve } from "@meshwork/crypto";
import { assert, type BlockHash, type NodeId, type VrfProof } from "@meshwork/foundation";
import { beaconInput, buildBlock, owedAt } from "@meshwork/ledger";
import type { Log } from "@meshwork/observability";
import type { Block } from "@meshwork/protocol";
import type { Mempool } from "../mempool/mempool.ts";
import type { Chain } from "../store/chain.ts";
import { type ChainHead, leaderAt } from "../store/chain-head.ts";
import { mySeatIn } from "./my-seat.ts";
import type { VoteKeys } from "./vote-folder.ts";

export interface ApplicationParts {
  me: NodeId;
  chain: Pick<Chain, "head" | "checks" | "execute" | "remember">;
  mempool: Pick<Mempool, "executable" | "hasExecutable" | "setAside">;
  keys: Pick<VoteKeys, "of">;
  log: Log;
}

/** What consensus asks of the ledger, answered about the head. */
export interface LedgerApplication extends Application {
  /** Makes the beacon proof of the next block if this node will lead its first view: in idle time. */
  prepare(): void;
}

export function createApplication(parts: ApplicationParts): LedgerApplication {
  const { me, chain, mempool, log } = parts;
  /** One proof a height: the view is not in it. */
  let proof: { head: ChainHead; proof: VrfProof } | null = null;

  /** A block is hashed once for as long as it is in memory. */
  const hashes = new WeakMap<Block, BlockHash | null>();

  const beaconProof = (): VrfProof => {
    const { head, checks } = chain;
    if (proof?.head !== head) {
      const mine = mySeatIn(head.state.committee, parts);
      assert(mine, "only a seat proposes");
      const { key } = mine;
      const input = beaconInput(head.state.head);
      proof = { head, proof: vrfProve(key.vrfSeed, input) };
      checks.trustBeacon(key.public.vrfKey, input, proof.proof);
    }
    return proof.proof;
  };

  return {
    hashOf(block) {
      const known = hashes.get(block);
      if (known !== undefined) return known;
      const hash = blockHashOf(block);
      hashes.set(block, hash);
      return hash;
    },

    buildBlock({ view, now }) {
      const { head, checks } = chain;
      const built = buildBlock(
        { state: head.state, parent: head.header, checks },
        {
          proposer: me,
          view,
          time: now,
          beaconProof: beaconProof(),
          candidates: mempool.executable(),
          lastCommit: head.certificate,
        },
      );
      if (!built.ok) {
        log.debug("no block was built", { height: head.height + 1, view, ...built.refusal });
        return null;
      }
      mempool.setAside(built.dropped.map(({ transaction }) => transaction));
      chain.remember(built);
      return built.block;
    },

    checkBlock(block) {
      const result = chain.execute(block);
      if (!result.ok) {
        const { height, view, proposer } = block.header;
        log.warn("a proposed block is invalid", { height, view, proposer, ...result.refusal });
      }
      return result.ok;
    },

    demand(now) {
      const { state } = chain.head;
      // Towards the end of an epoch blocks are paced: what is executable waits for the next one that is owed.
      const isPaced = state.epoch.lastHeight !== null;
      return owedAt(state, now) || (!isPaced && mempool.hasExecutable());
    },

    prepare() {
      const { head } = chain;
      const isNext = leaderAt(head.state, { height: head.height + 1, view: 0 }) === me;
      if (isNext && mySeatIn(head.state.committee, parts)) beaconProof();
    },
  };
}
