import { limits, type OrderId } from "@meshwork/foundation";
import {
  type HandOver,
  type Header,
  handOver,
  type ProofOfTask,
  type Receipt,
  receipt,
  shownOrder,
  type Transaction,
  transactionIdOf,
} from "@meshwork/protocol";
import type { Chain } from "../chain/store/chain.ts";
import { OrderError } from "./order-error.ts";

/** What of a chain a receipt is made. */
export type ReceiptChain = Pick<Chain, "head" | "history" | "blockAt" | "handOvers">;

/**
 * The receipt of a finished task, from the chain alone: order and proof stand in its blocks, and any
 * block since the verdict proves the task's record. Null while the task is not done.
 */
export async function buildReceipt(
  chain: ReceiptChain,
  orderId: OrderId,
): Promise<Uint8Array | null> {
  const bare = await bareReceipt(chain, orderId);
  if (bare === null) return null;
  return receipt.encode({ ...bare, handOver: await handOversTo(chain, bare.header) });
}

/** The same without what leads to its committee: many receipts may have that in common. */
export async function bareReceipt(chain: ReceiptChain, orderId: OrderId): Promise<Receipt | null> {
  const { state, header, certificate } = chain.head;
  const task = state.task(orderId);
  if (task === undefined) {
    throw new OrderError(
      "ORDER_UNKNOWN",
      `the ledger knows no order ${orderId}: look at the id, or ask the network where it was placed`,
    );
  }
  const { conclusion } = task;
  if (conclusion === null || certificate === null) return null;
  const order = await transactionAt(
    chain,
    task.submitted.height,
    ({ unsigned }) => transactionIdOf(unsigned) === (orderId as string),
  );
  const proof =
    conclusion.proofHash === null ? null : await proofAt(chain, conclusion.height, orderId);
  return {
    version: 1,
    order: shownOrder(order),
    task,
    proof,
    path: state.prove("task", orderId),
    header,
    certificate,
    handOver: [],
  };
}

/** Half of a receipt at most, the newest: who verifies it long after brings the older ones along. */
export async function handOversTo(
  chain: Pick<Chain, "handOvers">,
  { epoch }: Header,
): Promise<HandOver[]> {
  const first = Math.max(0, epoch - limits.receiptHandOvers);
  const found = (await chain.handOvers(first)).filter((one) => one.header.epoch < epoch);
  let room = limits.receiptBytes / 2;
  const from = found.findLastIndex((one) => {
    room -= handOver.encode(one).length;
    return room < 0;
  });
  return found.slice(from + 1);
}

async function transactionAt(
  chain: Pick<Chain, "blockAt">,
  height: number,
  isIt: (transaction: Transaction) => boolean,
): Promise<Transaction> {
  const found = (await chain.blockAt(height))?.block.transactions.find(isIt);
  if (found === undefined)
    throw new OrderError(
      "ORDER_UNKNOWN",
      `block ${height} is not stored here: ask a node that keeps the whole chain`,
    );
  return found;
}

async function proofAt(
  chain: Pick<Chain, "blockAt">,
  height: number,
  orderId: OrderId,
): Promise<ProofOfTask> {
  const about = ({ unsigned: { body } }: Transaction) =>
    body.kind === "prove" && body.proof.verdict.orderId === orderId;
  const { body } = (await transactionAt(chain, height, about)).unsigned;
  if (body.kind !== "prove") throw new TypeError("found by its kind");
  return body.proof;
}
