import { type NodeId, toHex } from "@meshwork/foundation";
import { encodeLeaf, type SegmentEvidence, type TraceLeaf, tracePath } from "@meshwork/protocol";
import type { Claim } from "./read-claims.ts";
import type { Verification } from "./verify-task.ts";

/** The claims that are left when all that contradict each other have been held against a re-run. */
export interface Dispute {
  /** Claims with one and the same trace; empty when nobody was right. */
  agreed: Claim[];
  guilty: Map<NodeId, SegmentEvidence>;
}

/**
 * Claims with different traces have a first leaf in which they differ, and all before it is agreed: so
 * that one step, run again, convicts at least one of them. Repeated until one trace is left, or none.
 */
export async function compareClaims(
  { replayer }: Pick<Verification, "replayer">,
  claims: readonly Claim[],
): Promise<Dispute> {
  const guilty: Dispute["guilty"] = new Map();
  let left = [...claims];
  for (;;) {
    const [one, ...others] = left;
    const other = others.find(({ reveal }) => reveal.traceRoot !== one?.reveal.traceRoot);
    if (one === undefined || other === undefined) return { agreed: left, guilty };
    const index = firstDifference(one.leaves, other.leaves);
    const agreed = one.leaves.slice(0, index);
    const actual = await replayer.replayStep(index, agreed);
    const convicted = left.filter(
      (claim) => sharesPrefix(claim, agreed) && contradicts(claim, actual, index),
    );
    if (convicted.length === 0) return { agreed: [], guilty };
    for (const claim of convicted) guilty.set(claim.worker, evidenceAgainst(claim, actual, index));
    left = left.filter((claim) => !convicted.includes(claim));
  }
}

/** Only who agrees on all before a step can be convicted by it: of others the fault lies earlier. */
const sharesPrefix = ({ leaves }: Claim, agreed: readonly TraceLeaf[]): boolean =>
  agreed.every((leaf, i) => leaves[i] !== undefined && sameLeaf(leaf, leaves[i]));

const contradicts = ({ leaves }: Claim, actual: TraceLeaf, index: number): boolean => {
  const claimed = leaves[index];
  return claimed !== undefined && !sameLeaf(claimed, actual);
};

/** A trace may also go on where the other is closed: then its first leaf too many is the difference. */
export function firstDifference(a: readonly TraceLeaf[], b: readonly TraceLeaf[]): number {
  const [longer, shorter] = a.length >= b.length ? [a, b] : [b, a];
  return longer.findIndex((leaf, i) => {
    const twin = shorter[i];
    return twin === undefined || !sameLeaf(leaf, twin);
  });
}

export const sameLeaf = (a: TraceLeaf, b: TraceLeaf): boolean =>
  toHex(encodeLeaf(a)) === toHex(encodeLeaf(b));

export const evidenceAgainst = (
  { leaves }: Claim,
  actual: TraceLeaf,
  index: number,
): SegmentEvidence => ({
  index,
  claimedLeaf: toHex(encodeLeaf(leaves[index] as TraceLeaf)),
  path: tracePath(leaves, index),
  actualLeaf: toHex(encodeLeaf(actual)),
});
