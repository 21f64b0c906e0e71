import { CodedError, digest, limits, type OrderId, orderId } from "@meshwork/foundation";
import { tracked } from "@trpc/server";
import { z } from "zod";
import { base64Bytes } from "../base64.ts";
import { boundedBacklog } from "../bounded-backlog.ts";
import { checkOrder } from "../check-order.ts";
import { type Context, requireCaller } from "../context.ts";
import { DoorError } from "../door-error.ts";
import { doorLimits } from "../door-limits.ts";
import { asRefusal, asTrpcError } from "../error-shape.ts";
import { place } from "../place.ts";
import type { Gateway, TaskEvent } from "../ports.ts";
import { procedure, router } from "../trpc.ts";
import {
  quote,
  quoteWish,
  type TaskState,
  type TaskView,
  taskReceipt,
  taskResult,
  taskView,
} from "../views.ts";

const CONTRACT_BYTES = 8_192;
const orderOnly = z.strictObject({ orderId });

export const taskProcedures = router({
  /**
   * Takes a signed order whose objects were uploaded. Needs no other credential: the order is
   * signed, and the uploads that it names are looked for among its sender's alone.
   */
  submit: procedure
    .input(
      z.strictObject({
        transaction: base64Bytes(limits.transactionBytes),
        contract: base64Bytes(CONTRACT_BYTES),
        blind: digest,
      }),
    )
    .output(z.object({ orderId }))
    .mutation(async ({ ctx, input }) => {
      const { chainId, gateway } = ctx.door.gateway.network();
      const order = checkOrder(input, {
        chainId,
        gateway,
        now: ctx.door.clock.now(),
        keyOf: (account) => keyOf(ctx, account),
      });
      return { orderId: await place(ctx, order) };
    }),

  /** The cheapest verification that keeps a risk, and what it costs. Anybody may ask. */
  quote: procedure
    .input(quoteWish)
    .output(quote)
    .query(({ ctx, input }) => {
      try {
        return ctx.door.gateway.quote(input);
      } catch (error) {
        throw error instanceof CodedError ? asRefusal(error) : error;
      }
    }),

  /** The present state of an order of one's own. */
  get: procedure
    .input(orderOnly)
    .output(taskView)
    .query(({ ctx, input }) => ownTask(ctx, input.orderId)),

  /** Every state as it comes, until the last; takes up after `lastEventId`. */
  watch: procedure
    .input(orderOnly.extend({ lastEventId: z.string().max(64).nullish() }))
    .subscription(({ ctx, input, signal }) => {
      ownTask(ctx, input.orderId);
      return follow(ctx, { signal, ...input });
    }),

  result: procedure
    .input(orderOnly.extend({ unverified: z.boolean().default(false) }))
    .output(taskResult)
    .query(({ ctx, input }) => resultOf(ctx, input)),

  receipt: procedure
    .input(orderOnly)
    .output(taskReceipt)
    .query(async ({ ctx, input }) => {
      ownTask(ctx, input.orderId);
      const receipt = await ctx.door.gateway.receipt(input.orderId);
      return receipt === null
        ? { kind: "pending", orderId: input.orderId }
        : { kind: "ready", orderId: input.orderId, receipt };
    }),
});

async function* follow(
  ctx: Context,
  watch: {
    orderId: OrderId;
    lastEventId?: string | null | undefined;
    signal: AbortSignal | undefined;
  },
) {
  // Taken only here: a stream whose client left before its first event never runs.
  const leave = takeSeat(ctx);
  try {
    const events = boundedBacklog<TaskEvent>(
      (signal) =>
        ctx.door.gateway.watch(watch.orderId, { after: watch.lastEventId ?? null, signal }),
      { size: doorLimits.watchBacklog, signal: watch.signal },
    );
    for await (const { id, view } of events) {
      const state: TaskState = taskView.parse(view);
      yield tracked(id, state);
      if (state.kind === "done") return;
    }
  } catch (error) {
    throw asTrpcError(error);
  } finally {
    leave();
  }
}

function takeSeat(ctx: Context): () => void {
  try {
    return ctx.door.watches.take(requireCaller(ctx).account);
  } catch (error) {
    throw asTrpcError(error);
  }
}

async function resultOf(ctx: Context, input: { orderId: OrderId; unverified: boolean }) {
  const view = ownTask(ctx, input.orderId);
  const { gateway } = ctx.door;
  const about = { orderId: input.orderId };
  if (view.kind === "done") {
    const { outcome, result, segments } = view;
    const output =
      result === null ? null : await bounded(ctx, () => gateway.output(input.orderId), sizeOf);
    return { ...about, kind: "concluded", outcome, result, segments, output } as const;
  }
  const early = input.unverified
    ? await bounded(
        ctx,
        () => gateway.unverifiedOutput(input.orderId),
        (one) => sizeOf(one.bytes),
      )
    : null;
  if (early === null) return { ...about, kind: "pending", stage: view.kind } as const;
  const { worker, resultHash, bytes } = early;
  return { ...about, kind: "unverified", worker, resultHash, output: bytes } as const;
}

const sizeOf = (bytes: Uint8Array): number => bytes.length;

/** Reads a result within the memory that results may take together until they are sent. */
async function bounded<T>(
  ctx: Context,
  read: () => Promise<T | null>,
  size: (found: T) => number,
): Promise<T | null> {
  const share = await ctx.door.results.take(limits.outputBytes * doorLimits.resultCopies);
  ctx.whenAnswered(share.release);
  const found = await read();
  share.shrinkTo(found === null ? 0 : size(found) * doorLimits.resultCopies);
  return found;
}

/** Results are private: an order is shown to its requester alone. */
function ownTask(ctx: Context, id: OrderId): TaskView {
  const { account } = requireCaller(ctx);
  const task = ctx.door.gateway.task(id);
  if (task === null)
    throw new DoorError(
      "TASK_UNKNOWN",
      `the ledger knows no order ${id}: submit it, or ask the network that it was signed for`,
    );
  if (task.requester === account) return task.view;
  throw new DoorError(
    "TASK_FOREIGN",
    `order ${id} is not ${account}'s: ask with the key that signed the order`,
  );
}

export function keyOf(ctx: Context, account: Parameters<Gateway["account"]>[0]) {
  const known = ctx.door.gateway.account(account);
  if (known !== null) return known.publicKey;
  throw new DoorError(
    "ACCOUNT_UNKNOWN",
    `the ledger knows no account ${account}: register it before it orders`,
    { detail: { account } },
  );
}
