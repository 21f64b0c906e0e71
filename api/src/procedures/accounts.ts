import { limits, nodeId } from "@meshwork/foundation";
import {
  type Transaction,
  type TransactionBody,
  transactionIdOf,
  transaction as transactionWire,
  WireError,
} from "@meshwork/protocol";
import { z } from "zod";
import { base64Bytes } from "../base64.ts";
import { DoorError } from "../door-error.ts";
import { doorLimits } from "../door-limits.ts";
import { confirmed } from "../place.ts";
import { procedure, router } from "../trpc.ts";
import { accountSummary, whyEntry } from "../views.ts";

/** Points and reputation stand on the ledger: everybody may see everybody's, and why. */
export const accountProcedures = router({
  /** Null: no such account. */
  get: procedure
    .input(z.strictObject({ account: nodeId }))
    .output(accountSummary.nullable())
    .query(({ ctx, input }) => ctx.door.gateway.account(input.account)),

  why: procedure
    .input(z.strictObject({ account: nodeId }))
    .output(z.array(whyEntry))
    .query(async ({ ctx, input }) => {
      const whys = await ctx.door.gateway.why(input.account);
      return whys.slice(0, doorLimits.pageSize);
    }),

  /**
   * Takes what somebody has signed about his own identity, voucher or order, and answers when it
   * stands on the ledger. Needs no other credential: the ledger checks who signed.
   */
  transact: procedure
    .input(z.strictObject({ transaction: base64Bytes(limits.transactionBytes) }))
    .output(z.object({ height: z.int() }))
    .mutation(async ({ ctx, input }) => {
      const transaction = ownTransaction(input.transaction);
      const id = transactionIdOf(transaction.unsigned);
      const height = await confirmed(ctx.door, `transaction ${id}`, (signal) =>
        ctx.door.gateway.transact(transaction, signal),
      );
      return { height };
    }),
});

/** What people say for themselves, and of the network's rules; the rest is said by nodes, and does not come through this door. */
const ownKinds = new Set<TransactionBody["kind"]>([
  "rotate",
  "revoke-key",
  "leave",
  "cancel",
  "revoke-voucher",
  "delegate",
  "govern",
]);

function ownTransaction(bytes: Uint8Array): Transaction {
  const transaction = decode(bytes);
  const { kind } = transaction.unsigned.body;
  if (ownKinds.has(kind)) return transaction;
  throw new DoorError(
    "TRANSACTION_MALFORMED",
    `this takes ${[...ownKinds].join(", ")}; ${kind} is not for here`,
  );
}

function decode(bytes: Uint8Array): Transaction {
  try {
    return transactionWire.decode(bytes);
  } catch (cause) {
    if (!(cause instanceof WireError)) throw cause;
    throw new DoorError(
      "TRANSACTION_MALFORMED",
      `these bytes are no transaction in canonical form: ${cause.message}`,
      { cause },
    );
  }
}
