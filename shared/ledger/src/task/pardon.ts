import type { NodeId, Points } from "@meshwork/foundation";
import type { TaskPenalty } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { changeReputation, isConvicted, nodeOf } from "../penalties.ts";
import { accountOf, move, points, vesting } from "../purses.ts";
import { withoutFailure } from "../reputation.ts";
import type { Evidence } from "../why.ts";

/** What a verdict takes from a worker, read off his records: the rules that take it know nothing of this. */
export function recordPenalty(
  draft: Draft,
  { node, failed }: Pick<TaskPenalty, "node" | "failed">,
  carryOut: () => void,
): TaskPenalty {
  const had = standingOf(draft, node);
  carryOut();
  const has = standingOf(draft, node);
  return {
    node,
    failed,
    bond: (had.bonded - has.bonded) as Points,
    vesting: (had.vesting - has.vesting) as Points,
    clean: had.clean - has.clean,
    suspendedUntil: has.suspendedUntil,
  };
}

const standingOf = (draft: Draft, id: NodeId) => ({
  ...accountOf(draft.state, id),
  ...nodeOf(draft, id),
});

/**
 * Undoes it: what was burnt for this verdict comes back out of what is burnt, so no point is made; the
 * failure goes as far as it has not faded, and the suspension if no later one holds.
 */
export function pardon(
  draft: Draft,
  penalty: TaskPenalty,
  { evidence, since }: { evidence: Evidence; since: number },
): void {
  const { node: id, failed, clean, suspendedUntil } = penalty;
  if (isConvicted(draft, id)) return;
  const rule = "appeal-upheld";
  for (const [to, amount] of [
    [points(id), penalty.bond],
    [vesting(id), penalty.vesting],
  ] as const)
    move(draft, { from: "burnt", to, amount }, { rule, inputs: { amount }, evidence });
  changeReputation(draft, id, {
    rule,
    evidence,
    judge(node) {
      const cleared = { ...node, clean: node.clean + clean };
      if (!failed) return cleared;
      const isLast = node.suspendedUntil === suspendedUntil;
      return {
        ...withoutFailure(cleared, { since, activeTime: draft.at.activeTime }),
        suspensions: Math.max(0, node.suspensions - 1),
        suspendedUntil: isLast
          ? Math.min(node.suspendedUntil, draft.at.activeTime)
          : node.suspendedUntil,
      };
    },
  });
}
