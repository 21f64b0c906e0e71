import type { NodeId } from "@meshwork/foundation";
import { isLive, type NetworkPolicy, type Placement, type TaskRecord } from "@meshwork/protocol";
import { bondOf } from "./escrow.ts";
import type { Lease, NodeState } from "./records.ts";
import { ONE, onProbation, reputationOf } from "./reputation.ts";
import type { State } from "./state.ts";
import { standsIn } from "./suitability.ts";

/** A node that may be drawn, and what chance it has. */
export interface Candidate {
  node: NodeId;
  operator: NodeId | null;
  /** A newcomer, or someone who has to earn trust anew. */
  newcomer: boolean;
  /** No verdict speaks for it or against it yet: it is weighed like the average of those that have one. */
  untested: boolean;
  weight: number;
}

interface Asked {
  task: TaskRecord;
  activeTime: number;
  /** Whether it could, were it not for what it does already. */
  asIfIdle?: boolean;
}

/** Whether a node can take a place of this task now, apart from the caps. */
export function isEligible(
  state: State,
  node: NodeState,
  { task, activeTime, asIfIdle = false }: Asked,
): boolean {
  const { lease } = node;
  const account = state.account(node.nodeId);
  return (
    lease !== null &&
    // Who joined, or came back, after the inputs of the draw were fixed is not part of it.
    node.eligibleSince !== null &&
    node.eligibleSince <= task.fixedHeight &&
    account?.barred === null &&
    lease.until > activeTime &&
    lease.capacity > (asIfIdle ? 0 : node.assigned) &&
    task.order.work.needs.every((need) => lease.serves.includes(need)) &&
    meets(lease, task.order.placement) &&
    node.suspendedUntil <= activeTime &&
    // Nobody checks, or is paid for, what he ordered himself, or saw before those who did it had committed.
    node.nodeId !== task.requester &&
    node.nodeId !== task.order.gateway &&
    account.points >= bondOf(state.policy, task.order)
  );
}

/** What the order asks for, the node must have offered; a region counts where a relay has found the node. */
const meets = (lease: Lease, wanted: Placement): boolean =>
  lease.runtimes.length > 0 &&
  (wanted.runtime === null || lease.runtimes.includes(wanted.runtime)) &&
  lease.memoryMiB >= wanted.memoryMiB &&
  (!wanted.onlyThere || wanted.region === null || standsIn(lease, wanted.region));

export function candidateOf(
  { probationVerdicts, reputationFloor }: NetworkPolicy,
  node: NodeState,
  activeTime: number,
): Candidate {
  const reputation = reputationOf(node, activeTime);
  return {
    node: node.nodeId,
    operator: node.operator,
    newcomer: onProbation(node, probationVerdicts) || reputation < reputationFloor,
    untested: onProbation(node, probationVerdicts) && node.failures === 0,
    // Below 2^32, so that a million weights still sum exactly.
    weight: Math.max(1, reputation * node.availability),
  };
}

export const isNewcomer = (state: State, node: NodeState, activeTime: number): boolean =>
  candidateOf(state.policy, node, activeTime).newcomer;

export const newcomersAreCapped = ({ probationShare }: NetworkPolicy): boolean =>
  probationShare < ONE;

interface Call {
  task: TaskRecord;
  role: "worker" | "verifier";
  activeTime: number;
}

/** Whether a substitute may be called: chances have moved on since the draw. */
export function mayBeCalled(state: State, node: NodeState, call: Call): boolean {
  const { task } = call;
  if (!isEligible(state, node, call)) return false;
  return !breaksProbation(state, node, call) && !breaksOperatorCap(state, node, task);
}

/** The rule of the draw itself: newcomers never verify; where they are capped, one a task may work. */
function breaksProbation(state: State, node: NodeState, { task, role, activeTime }: Call): boolean {
  if (task.relaxed.includes("probation") || !isNewcomer(state, node, activeTime)) return false;
  if (role === "verifier") return true;
  return (
    newcomersAreCapped(state.policy) &&
    task.workers.some((place) => {
      const other = isLive(place) ? state.node(place.node) : undefined;
      return other !== undefined && isNewcomer(state, other, activeTime);
    })
  );
}

function breaksOperatorCap(state: State, node: NodeState, task: TaskRecord): boolean {
  const { operatorCap } = state.policy;
  if (operatorCap === 0 || task.relaxed.includes("operator")) return false;
  const held = [...task.workers, ...task.verifiers].filter(
    (place) => isLive(place) && state.node(place.node)?.operator === node.operator,
  );
  return held.length >= operatorCap;
}
