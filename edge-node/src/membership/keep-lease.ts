import { type Clock, codeOf, every, type Key25519, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { BodyOf, Nearness } from "@meshwork/protocol";
import type { Chain } from "../chain/store/chain.ts";
import type { TaskLedger } from "../ports.ts";

export interface LeaseParts {
  me: NodeId;
  chain: Pick<Chain, "head">;
  ledger: Pick<TaskLedger, "transact">;
  clock: Clock;
  log: Log;
}

/** What the node offers with each renewal; read anew each time, for its vote key changes. */
export type Offer = Pick<
  BodyOf<"renew">,
  "runtimes" | "region" | "capacity" | "serves" | "memoryMiB" | "cpus" | "vote" | "nearness"
> & {
  sealKey: Key25519;
};

type Nearby = Pick<Nearness, "region" | "latencyClass">;

const LOOK_EVERY_MS = 2_000;

/** What the ledger has against a renewal when a relay's word is false: forged, too. */
const FAULTS_OF_A_WORD: ReadonlySet<string> = new Set(["WRONG_NEARNESS", "BAD_SIGNATURE"]);

/**
 * Renews the node's lease when half of it is over, and when it has a new vote key or offers something else. A
 * node that does not is not drawn any more: that is how the ledger learns that it is gone.
 */
export function keepLease(parts: LeaseParts, offer: Offer, signal: AbortSignal): () => void {
  /** A relay's word that the ledger does not take must not cost the lease. */
  let refused: Offer["nearness"] = null;
  return every(parts.clock, LOOK_EVERY_MS, async () => {
    const nearness = offer.nearness === refused ? null : offer.nearness;
    const offered = { ...offer, nearness };
    if (!isDue(parts, offered)) return;
    try {
      await parts.ledger.transact(renewal(parts.chain, offered), signal);
    } catch (error) {
      if (FAULTS_OF_A_WORD.has(codeOf(error))) refused = nearness;
      if (!signal.aborted)
        parts.log.warn("the lease could not be renewed yet", { code: codeOf(error), error });
    }
  });
}

/** The ledger takes no renewal sooner after the last; in active time, with a little to spare. */
const SOONEST_MS = 6_000;

function isDue({ me, chain }: Pick<LeaseParts, "me" | "chain">, offer: Offer): boolean {
  const { vote, serves, nearness } = offer;
  const { state } = chain.head;
  const node = state.node(me);
  // The first block can name no block before it.
  if (node === undefined || state.head.height === 0) return false;
  const { activeTime } = state.head;
  const { until = 0, renewedAt = null, vote: registered = null } = node.lease ?? {};
  const isHalfOver = until - activeTime < state.policy.leaseMs / 2;
  // A committee has taken the vote key: the next election shall find another.
  const isNewKey = vote !== null && registered?.voteKey !== vote.voteKey;
  const isNewService = serves.join() !== node.lease?.serves.join();
  const isMoved = nearness !== null && !isAt(node.lease?.nearness ?? null, nearness.body);
  const mayRenew = renewedAt === null || activeTime - renewedAt >= SOONEST_MS;
  return isHalfOver || ((isNewKey || isNewService || isMoved) && mayRenew);
}

const isAt = (known: Nearby | null, found: Nearby): boolean =>
  known !== null && known.region === found.region && known.latencyClass === found.latencyClass;

/** Names the head's parent: that block every node that follows the chain knows by now. */
function renewal(chain: Pick<Chain, "head">, offer: Offer): BodyOf<"renew"> {
  const { height, parent } = chain.head.header;
  return { kind: "renew", recentBlock: { height: height - 1, hash: parent }, ...offer };
}
