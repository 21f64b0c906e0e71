import { assert } from "@meshwork/foundation";
import type { State } from "./state.ts";

/** Where all points are. */
export interface Ledger {
  total: bigint;
  accounts: bigint;
  escrowed: bigint;
  burnt: bigint;
}

export function pointsOf(state: State): Ledger {
  const { total, burnt } = state.head;
  let accounts = 0n;
  for (const account of state.all("account"))
    accounts += account.points + account.bonded + account.vesting;
  let escrowed = 0n;
  for (const task of state.all("task")) if (task.phase !== "done") escrowed += task.escrow;
  return { total, accounts, escrowed, burnt };
}

/** The invariant: what genesis made lies in accounts, in open tasks, or is burnt. Reads the whole state. */
export function assertConserved(state: State): void {
  const { total, accounts, escrowed, burnt } = pointsOf(state);
  assert(
    state.head.escrowed === escrowed,
    `the head says ${state.head.escrowed} points are escrowed; open tasks hold ${escrowed}`,
  );
  assert(
    accounts + escrowed + burnt === total,
    `${accounts} in accounts + ${escrowed} escrowed + ${burnt} burnt is not ${total}`,
  );
}
