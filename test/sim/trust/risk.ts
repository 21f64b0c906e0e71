import type { NodeId } from "@meshwork/foundation";
import { bondOf, isNewcomer, type State } from "@meshwork/ledger";
import { closedSet, proofQuorum, seatedVerifiers, type TaskRecord } from "@meshwork/protocol";
import { payOfRun } from "./orders.ts";
import { type Run, runKey, STEPS } from "./program.ts";
import type { Strategy } from "./strategy.ts";

/** DESIGN, "Ledger": a node's audit rate is max(5 %, 1/(1 + n)). Written down here once more, on purpose. */
const FLOOR = 0.05;

interface Known {
  state: State;
  task: TaskRecord;
  runs: ReadonlyMap<NodeId, Run>;
  strategyOf(id: NodeId): Strategy;
}

/** How often a closed set is audited, and which part of that in full. */
export interface AuditOdds {
  rate: number;
  full: number;
}

/** As DESIGN promises it. */
export function promisedOdds({ state, task }: Known): AuditOdds {
  const rates = closedSet(task).map(({ node }) => rateOf(state, node));
  return { rate: Math.max(FLOOR, ...rates), full: FLOOR };
}

/** As the ledger did it. */
export const drawnOdds = ({ state, task }: Known): AuditOdds => ({
  rate: (task.audit?.rate ?? 0) / ONE,
  full: state.policy.auditFloor / ONE,
});
const ONE = 65_536;

/** The chance that this closed set ends as an accepted wrong result, before its audit is known. */
export function riskOf(known: Known, { rate, full }: AuditOdds): number {
  const { task, strategyOf } = known;
  const workers = workersOf(known);
  if (workers.every(({ run }) => run === "honest")) return 0;
  const { colluding, upright, quorum } = verifiersOf(known);
  if (colluding.length >= quorum) return 1;
  // Two stories contradict each other, and a dispute is run again.
  if (new Set(workers.map(({ run }) => runKey(run))).size > 1) return 0;
  const shown = (mode: "none" | "segments") =>
    workers.every(({ node }) => strategyOf(node).shows({ me: node, task }, mode)) ? 1 : 0;
  const auditors = upright.filter(({ samples }) => samples === "run").length;
  const first = workers[0]?.run ?? "honest";
  const forged = first === "honest" ? 0 : first.forged.length;
  const missed = missedBy(task.order.policy.segmentsPerVerifier, forged) ** auditors;
  return (1 - rate) * shown("none") + rate * (1 - full) * missed * shown("segments");
}

/**
 * What the lies in this closed set are worth to those who told them, on average: the work that was saved, at
 * all that it would have been paid, against what is at stake if they are found out.
 */
export function worthOf(known: Known): number {
  const { state, task } = known;
  const passed = riskOf(known, drawnOdds(known));
  // Whoever holds enough seats to keep the others from a quorum is convicted by a panel.
  const caught = 1 - passed;
  const pay = payOfRun(state.policy);
  const worths = workersOf(known).map(({ node, run }) => {
    if (run === "honest") return 0;
    const account = state.account(node);
    const stake = Number(bondOf(state.policy, task.order)) + Number(account?.vesting ?? 0n);
    return passed * pay * (run.forged.length / STEPS) - caught * stake;
  });
  return worths.reduce((sum, worth) => sum + worth, 0);
}

const workersOf = ({ task, runs }: Known) =>
  closedSet(task).map(({ node }) => ({ node, run: runs.get(node) ?? ("honest" as const) }));

function verifiersOf({ task, strategyOf }: Known) {
  const verifiers = seatedVerifiers(task).map(({ node }) => strategyOf(node));
  return {
    colluding: verifiers.filter(({ colludes }) => colludes),
    upright: verifiers.filter(({ colludes }) => !colludes),
    quorum: proofQuorum(task.order.policy.verifiers),
  };
}

function rateOf(state: State, id: NodeId): number {
  const node = state.node(id);
  if (node === undefined || isNewcomer(state, node, state.head.activeTime)) return 1;
  return 1 / (1 + node.clean);
}

/** That so many distinct samples of the steps meet none of the forged ones. */
function missedBy(samples: number, forged: number): number {
  let chance = 1;
  for (let i = 0; i < samples; i++) chance *= Math.max(0, STEPS - forged - i) / (STEPS - i);
  return chance;
}
