import { contractFlaw, type Dispatch, type TaskRecord } from "@meshwork/protocol";
import type { OutsideParts } from "./outside/outside.ts";
import type { Pace } from "./pace.ts";

export interface Decline {
  code: "NO_ROOM" | "FUEL_ABOVE_ORDER" | "TOO_SLOW" | "CONTRACT_FLAWED" | "HOST_NOT_SERVED";
  reason: string;
}

interface DeclineParts {
  pace: Pick<Pace, "leastMs">;
  hasRoom(): boolean;
  outside: Pick<OutsideParts, "services">;
}

/**
 * Whether this node should leave a task to others, before it stakes its bond on it. The ledger has
 * held deadlines and ceiling against the order's `maxFuel`; so a contract may not allow more, or the
 * worker would run for nothing, and what this machine cannot do in time it must not take.
 */
export function whyDecline(
  { pace, hasRoom, outside: { services } }: DeclineParts,
  { order }: Pick<TaskRecord, "order">,
  { contract }: Dispatch,
): Decline | null {
  if (!hasRoom()) return { code: "NO_ROOM", reason: "all sandboxes are taken" };
  const { fuel } = contract.limits;
  if (fuel > order.maxFuel)
    return {
      code: "FUEL_ABOVE_ORDER",
      reason: `the contract allows ${fuel} fuel, the order pays for ${order.maxFuel}`,
    };
  const flaw = contractFlaw(contract, order.work);
  if (flaw !== null) return { code: "CONTRACT_FLAWED", reason: flaw };
  const foreign = contract.outside?.origins.find((origin) => !services.serves(origin));
  if (foreign !== undefined)
    return { code: "HOST_NOT_SERVED", reason: `this worker does not fetch from ${foreign}` };
  const leastMs = pace.leastMs(fuel);
  const { runMs } = order.deadlines;
  if (leastMs <= runMs) return null;
  return {
    code: "TOO_SLOW",
    reason: `${fuel} fuel take this machine ${leastMs} ms, and the order gives ${runMs}`,
  };
}
