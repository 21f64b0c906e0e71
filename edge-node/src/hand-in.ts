import { CodedError } from "@meshwork/foundation";
import type { Transaction } from "@meshwork/protocol";
import type { Mempool, TransactionOutcome } from "./chain/mempool/mempool.ts";

/** The ledger's or the pool's no, with the code of the rule that said it. */
export class TransactionRefused extends CodedError {}

/** Hands a transaction in and waits until it is final. Throws `TransactionRefused`, or the signal's reason. */
export async function handIn(
  mempool: Pick<Mempool, "submit">,
  transaction: Transaction,
  signal: AbortSignal,
): Promise<number> {
  const outcome = await abortable(mempool.submit(transaction), signal);
  switch (outcome.kind) {
    case "included":
      return outcome.height;
    case "refused":
      throw new TransactionRefused(outcome.refusal.code, outcome.refusal.reason);
    case "expired":
      throw new TransactionRefused(
        "EXPIRED",
        `no block took the transaction before ${transaction.unsigned.notAfter}: sign it again with a later notAfter`,
      );
  }
}

function abortable(
  outcome: Promise<TransactionOutcome>,
  signal: AbortSignal,
): Promise<TransactionOutcome> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort, { once: true });
    outcome.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
