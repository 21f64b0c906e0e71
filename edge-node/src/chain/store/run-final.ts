import type { BlockHash } from "@meshwork/foundation";
import type { AppliedBlock } from "@meshwork/ledger";
import { type FinalizedBlock, headerHash } from "@meshwork/protocol";
import { ChainError } from "../chain-error.ts";
import { applyOn, type ChainHead, type CommittedBlock } from "./chain-head.ts";
import { finalBlockChecks } from "./remembered-checks.ts";

export interface RanBlock {
  readonly committed: CommittedBlock;
  readonly applied: AppliedBlock;
}

/**
 * Runs consecutive blocks that a quorum has made final. Equal states have equal roots, and each follows
 * from the one before: so the last root vouches for all, and what the blocks in between changed is hashed
 * once. Which of them it was that led elsewhere is found by a second run, root by root.
 * @param executed blocks on the head that this node has run already
 * @throws ChainError `BLOCK_DIVERGES`
 */
export function runFinal(
  head: ChainHead,
  finalized: readonly FinalizedBlock[],
  executed: ReadonlyMap<BlockHash, AppliedBlock>,
): RanBlock[] {
  try {
    return runAll(head, finalized, (one) => ({
      known: executed.get(headerHash(one.block.header)),
      rootIsVouched: one !== finalized.at(-1),
    }));
  } catch (error) {
    if (finalized.length === 1 || !(error instanceof ChainError)) throw error;
    return runAll(head, finalized, () => ({ known: undefined, rootIsVouched: false }));
  }
}

function runAll(
  head: ChainHead,
  finalized: readonly FinalizedBlock[],
  how: (one: FinalizedBlock) => { known: AppliedBlock | undefined; rootIsVouched: boolean },
): RanBlock[] {
  const ran: RanBlock[] = [];
  let on = head;
  for (const one of finalized) {
    const { known, ...options } = how(one);
    const applied = known ?? appliedOn(on, one, options);
    const committed = committedBlock(one, applied);
    ran.push({ committed, applied });
    on = committed;
  }
  return ran;
}

/** A block that a quorum has signed: what it leads to was executed by all of them. */
function appliedOn(
  head: ChainHead,
  { block }: FinalizedBlock,
  options: { rootIsVouched: boolean },
): AppliedBlock {
  const result = applyOn(head, block, finalBlockChecks, options);
  if (result.ok) return result;
  const { height } = block.header;
  throw new ChainError(
    "BLOCK_DIVERGES",
    `a quorum made block ${height} final, and here it is invalid (${result.refusal.code}: ${result.refusal.reason}): ` +
      "this build or this machine computes otherwise; stop the node and compare its version with the others'",
    { detail: { height, refusal: result.refusal } },
  );
}

const committedBlock = (
  { block, certificate }: FinalizedBlock,
  { state, events, whys }: AppliedBlock,
): CommittedBlock => ({
  height: block.header.height,
  hash: headerHash(block.header),
  header: block.header,
  block,
  certificate,
  state,
  events,
  whys,
});
