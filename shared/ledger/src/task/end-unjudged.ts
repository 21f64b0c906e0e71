import { closedSet, seatedVerifiers, type TaskPlace, type TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { priceOfRun } from "../escrow.ts";
import { burnBond, earn, nodeOf, returnBond, silent } from "../penalties.ts";
import { tryAgain } from "./give-up.ts";
import { strike } from "./places.ts";

/** The verdict's deadline has passed: verifiers who laid no word on the ledger lose their bonds and places. */
export function chargeSilent(draft: Draft, task: TaskRecord): TaskRecord {
  const evidence = task.orderId;
  let left = task;
  for (const place of seatedVerifiers(task)) {
    if (place.state === "attested") continue;
    burnBond(draft, { account: place.node, task, evidence }, "no-verdict");
    draft.put("node", silent(nodeOf(draft, place.node)));
    left = strike(draft, left, "verifier", place);
  }
  return left;
}

/**
 * No verdict came, of a panel neither. The requester may have the result by now, so it is not free: who
 * showed his on the ledger is paid a part. Nothing is held against a worker, or against who spoke.
 */
export function endUnjudged(draft: Draft, task: TaskRecord): void {
  const evidence = task.orderId;
  for (const { node } of seatedVerifiers(task))
    returnBond(draft, { account: node, task, evidence });
  for (const { node } of closedSet(task)) returnBond(draft, { account: node, task, evidence });
  let left = task;
  for (const place of believed(task)) left = payUnjudged(draft, left, place);
  tryAgain(draft, left);
}

type Shown = TaskPlace & { shown: NonNullable<TaskPlace["shown"]> };
const hasShown = (place: TaskPlace): place is Shown => place.shown !== null;

/** Those whom a verifier's word on the ledger agrees with; if there is none, all, provided they agree. */
function believed(task: TaskRecord): Shown[] {
  const shown = closedSet(task).filter(hasShown);
  const words = seatedVerifiers(task).filter(({ state }) => state === "attested");
  if (words.length > 0)
    return shown.filter((place) => words.some((word) => isSame(word.shown, place.shown)));
  return shown.every((place) => isSame(place.shown, shown[0]?.shown ?? null)) ? shown : [];
}

const isSame = (a: TaskPlace["shown"], b: TaskPlace["shown"]): boolean =>
  a !== null && b !== null && a.traceRoot === b.traceRoot && a.fuel === b.fuel;

/** Never more than his share of what is held: no worker is paid from another's part. */
function payUnjudged(draft: Draft, task: TaskRecord, { node, shown }: Shown): TaskRecord {
  const { policy } = draft.state;
  const wanted = (priceOfRun(policy, shown.fuel) * BigInt(policy.unjudgedShare) + 65_535n) >> 16n;
  const amount = wanted < task.escrow ? wanted : task.escrow;
  const vests = task.order.work.nature === "deterministic";
  earn(draft, node, { rule: "unjudged-paid", amount, evidence: task.orderId, vests });
  return { ...task, escrow: (task.escrow - amount) as TaskRecord["escrow"] };
}
