import type { KeyPair } from "@meshwork/crypto";
import {
  type ChainId,
  type Clock,
  limits,
  type NodeId,
  type OrderId,
  type Random,
} from "@meshwork/foundation";
import {
  signTransaction,
  type TaskRecord,
  type Transaction,
  type TransactionBody,
} from "@meshwork/protocol";
import type { Chain } from "./chain/store/chain.ts";
import type { TaskLedger } from "./ports.ts";
import { createWatch } from "./watch.ts";

export interface LedgerClientParts {
  me: NodeId;
  keyPair: KeyPair;
  chain: Pick<Chain, "chainId" | "head" | "onCommit">;
  /** Resolves when the transaction is final; rejects with the ledger's coded refusal. */
  submit(transaction: Transaction, signal: AbortSignal): Promise<unknown>;
  clock: Clock;
  random: Random;
}

/** How long a node's own transaction may wait: beyond it the task has other troubles. */
const TRANSACTION_LIFETIME_MS = 60_000;

/** The final ledger as one node reads it, and the pen with which it writes. */
export interface LedgerClient extends TaskLedger {
  /** Called with every task that a new block changed, and with every open one when this is called. */
  onTask(listener: (task: TaskRecord) => void): () => void;
}

export function createLedgerClient(parts: LedgerClientParts): LedgerClient {
  const { chain } = parts;
  const watch = createWatch<OrderId>();
  const listeners = new Set<(task: TaskRecord) => void>();
  const task = (orderId: OrderId): TaskRecord | null => chain.head.state.task(orderId) ?? null;

  chain.onCommit(({ events, state }) => {
    const changed = new Set(
      events.flatMap((event) => (event.kind === "task" ? [event.orderId] : [])),
    );
    for (const orderId of changed) {
      watch.notify(orderId);
      const record = state.task(orderId);
      if (record !== undefined) for (const listener of [...listeners]) listener(record);
    }
  });

  return {
    chainId: chain.chainId,
    task,
    until(orderId, holds, signal) {
      const probe = () => {
        const record = task(orderId);
        return record !== null && holds(record) ? record : null;
      };
      return watch.until(orderId, probe, signal);
    },
    async transact(body, signal) {
      await parts.submit(sign(parts, chain.chainId, body), signal);
    },
    onTask(listener) {
      listeners.add(listener);
      for (const record of chain.head.state.all("task"))
        if (record.phase !== "done") listener(record);
      return () => listeners.delete(listener);
    },
  };
}

function sign(
  { me, keyPair, clock, random }: LedgerClientParts,
  chainId: ChainId,
  body: TransactionBody,
): Transaction {
  const nonce = new DataView(random.bytes(8).buffer).getBigUint64(0);
  const lifetime = Math.min(TRANSACTION_LIFETIME_MS, limits.transactionLifetimeMs);
  return signTransaction(keyPair, {
    chainId,
    sender: me,
    nonce,
    notAfter: clock.now() + lifetime,
    body,
  });
}
