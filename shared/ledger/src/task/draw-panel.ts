import { limits, type NodeId } from "@meshwork/foundation";
import { type SeededDraw, seededDraw, sittingPanel, type TaskRecord } from "@meshwork/protocol";
import { drawSeed, pick } from "../draw.ts";
import { type Candidate, candidateOf, isEligible, isNewcomer } from "../eligibility.ts";
import type { NodeState } from "../records.ts";
import type { State } from "../state.ts";

/** Twice the seats at most: who does not come is replaced. */
const RANKS_PER_SEAT = 2;

interface Chance {
  beacon: Parameters<typeof drawSeed>[0];
  activeTime: number;
}

/**
 * Members, then substitutes, by the weights of every draw: of all who had no part in this task. First
 * those of operators who had none either, so that few others are asked only where they must be.
 */
export function drawPanelRanks(
  state: State,
  task: TaskRecord,
  { beacon, activeTime }: Chance,
): NodeId[] {
  const size = sittingPanel(task)?.size ?? 0;
  const pool: Candidate[] = [];
  for (const node of state.nodes())
    if (maySit(state, node, { task, activeTime }))
      pool.push(candidateOf(state.policy, node, activeTime));
  const draw = seededDraw(drawSeed(beacon, task, "panel"));
  const involved = operatorsOf(state, task);
  const isApart = ({ operator }: Candidate) => operator === null || !involved.has(operator);
  const wanted = Math.min(RANKS_PER_SEAT * size, 2 * limits.verifiers);
  const apart = firstOf(pool.filter(isApart), wanted, draw);
  const others = pool.filter((one) => !isApart(one));
  return [...apart, ...firstOf(others, wanted - apart.length, draw)];
}

/** Whether a node may judge those who had a part in this task: it had none, and is no newcomer. */
export function maySit(
  state: State,
  node: NodeState,
  { task, activeTime }: { task: TaskRecord; activeTime: number },
): boolean {
  const panel = sittingPanel(task);
  if (panel === null || isInvolved(task, node.nodeId)) return false;
  const about = { task: { ...task, fixedHeight: panel.fixedHeight }, activeTime };
  return isEligible(state, node, about) && !isNewcomer(state, node, activeTime);
}

/** Whoever was ever called for this attempt, or sits on the panel now. */
const isInvolved = (task: TaskRecord, id: NodeId): boolean =>
  [...task.workers, ...task.verifiers, ...task.panels.flatMap(({ seats }) => seats)].some(
    ({ node }) => node === id,
  );

const operatorsOf = (state: State, { workers, verifiers, panels }: TaskRecord): Set<NodeId> =>
  new Set(
    [...workers, ...verifiers, ...panels.flatMap(({ seats }) => seats)].flatMap(
      ({ node }) => state.node(node)?.operator ?? [],
    ),
  );

/** No more than are wanted: each pick looks at all who are left. */
function firstOf(pool: readonly Candidate[], wanted: number, draw: SeededDraw): NodeId[] {
  const left = [...pool];
  const chosen: NodeId[] = [];
  while (chosen.length < wanted) {
    const next = pick(left, draw);
    if (next === undefined) break;
    left.splice(left.indexOf(next), 1);
    chosen.push(next.node);
  }
  return chosen;
}
