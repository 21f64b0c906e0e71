import { type Clock, CodedError, type ContentId, type OrderId, sleep } from "@meshwork/foundation";
import { contract, transaction } from "@meshwork/protocol";
import { toBase64 } from "../base64.ts";
import type { BuiltOrder } from "./build-order.ts";
import { ClientError, refusalOf } from "./client-error.ts";
import { coded, type Door } from "./door.ts";

const ATTEMPTS = 4;
const PAUSE_MS = 500;

/** The same order twice is one task, so what may have worked is simply done again. */
const REPEATABLE = new Set([
  "UNREACHABLE",
  "ORDER_UNCONFIRMED",
  "OBJECT_MISSING",
  "STAGING_FULL",
  "RATE_LIMITED",
]);

/** Uploads what the order names, then submits it; resolves when it stands on the ledger. */
export async function submitOrder(
  { door, clock }: { door: Door; clock: Clock },
  order: BuiltOrder,
  signal: AbortSignal | undefined,
): Promise<OrderId> {
  return patiently(
    clock,
    async () => {
      await Promise.all([...order.objects].map((object) => upload(door, object, signal)));
      return submit(door, order, signal);
    },
    signal,
  );
}

/** Does again what may have worked, and may be done twice. */
export async function patiently<T>(
  clock: Clock,
  act: () => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await act();
    } catch (error) {
      signal?.throwIfAborted();
      const repeatable = error instanceof CodedError && REPEATABLE.has(error.code);
      if (!repeatable || attempt === ATTEMPTS) throw error;
      await sleep(clock, PAUSE_MS * attempt, signal);
    }
  }
}

async function submit(door: Door, order: BuiltOrder, signal: AbortSignal | undefined) {
  const answer = await coded(
    door.trpc.tasks.submit.mutate(
      {
        transaction: toBase64(transaction.encode(order.transaction)),
        contract: toBase64(contract.encode(order.contract)),
        blind: order.blind,
      },
      signal ? { signal } : {},
    ),
  );
  if (answer.orderId === order.orderId) return order.orderId;
  throw new ClientError(
    "ANSWER_INVALID",
    `the server took order ${answer.orderId}, but ${order.orderId} was sent`,
  );
}

export async function upload(
  door: Door,
  [id, bytes]: [ContentId, Uint8Array],
  signal: AbortSignal | undefined,
): Promise<void> {
  const response = await door.send(`/objects/${id}`, {
    method: "PUT",
    body: bytes as Uint8Array<ArrayBuffer>,
    headers: { "content-type": "application/octet-stream" },
    signal,
  });
  const answer = (await response.json().catch(() => null)) as { error?: unknown } | null;
  if (response.ok) return;
  throw (
    refusalOf(answer?.error) ??
    new ClientError("ANSWER_INVALID", `the upload of ${id} ended with HTTP ${response.status}`)
  );
}
