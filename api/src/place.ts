import { CodedError, type OrderId, sleep } from "@meshwork/foundation";
import { type CheckedOrder, findObjects, objectsOf } from "./check-order.ts";
import type { Context, DoorParts } from "./context.ts";
import { DoorError } from "./door-error.ts";
import { doorLimits } from "./door-limits.ts";
import { asRefusal } from "./error-shape.ts";

/** Hands a checked order and its uploads to the node behind the door. The same order again is a no-op. */
export async function place(ctx: Context, order: CheckedOrder): Promise<OrderId> {
  const { orderId, requester, transaction, contract, blind } = order;
  if (ctx.door.gateway.task(orderId) !== null) return orderId;
  const objects = findObjects(contract, (id) => ctx.door.staging.get(requester, id));
  const placed = await confirmed(ctx.door, `order ${orderId}`, (signal) =>
    ctx.door.gateway.place({ transaction, contract, blind, objects }, signal),
  );
  ctx.door.staging.drop(requester, objectsOf(contract));
  return placed;
}

/** Waits until the ledger has taken `what`, but not for ever; its refusal is the caller's to read. */
export async function confirmed<T>(
  { clock }: Pick<DoorParts, "clock">,
  what: string,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const settled = new AbortController();
  const late = new AbortController();
  const deadline = sleep(clock, doorLimits.placeTimeoutMs, settled.signal).then(() => {
    late.abort();
    throw new DoorError(
      "ORDER_UNCONFIRMED",
      `the ledger did not confirm ${what} within ${doorLimits.placeTimeoutMs} ms; it may still: send the very same again, it is done once`,
    );
  });
  try {
    return await Promise.race([run(late.signal), deadline]);
  } catch (error) {
    throw error instanceof CodedError && !(error instanceof DoorError) ? asRefusal(error) : error;
  } finally {
    settled.abort();
    deadline.catch(() => {});
  }
}
