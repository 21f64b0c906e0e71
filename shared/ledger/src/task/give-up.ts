import { isLive, type TaskRecord } from "@meshwork/protocol";
import type { Draft } from "../draft.ts";
import { returnBond } from "../penalties.ts";
import { finish, nobodysVerdict } from "./conclude.ts";
import { mayTryAgain, redraw } from "./redraw.ts";

/** An attempt that cannot end well any more: nobody can be blamed, and every stake goes back. */
export function giveUp(draft: Draft, task: TaskRecord): void {
  const evidence = task.orderId;
  for (const place of [...task.workers, ...task.verifiers])
    if (isLive(place) && place.state !== "called")
      returnBond(draft, { account: place.node, task, evidence });
  tryAgain(draft, task);
}

/** Another attempt, or the end: the requester gets back what is left. */
export function tryAgain(draft: Draft, task: TaskRecord): void {
  if (mayTryAgain(draft, task)) redraw(draft, task);
  else endUndone(draft, task);
}

/** It has waited for room in vain, or been tried in vain: what is left of the escrow comes back. */
export const endUndone = (draft: Draft, task: TaskRecord): void =>
  finish(draft, task, { ...nobodysVerdict, outcome: "inconclusive", burnt: 0n });
