import type { Evidence } from "@meshwork/consensus";
import type { ChainId, NodeId, OrderId, Signature } from "@meshwork/foundation";
import type { Transaction } from "@meshwork/protocol";
import { hashText } from "./hash-text.ts";
import type { VoteKey } from "./seats.ts";

export const CHAIN = "simulated" as ChainId;

/** What a transaction of the toy ledger does. */
export type Act =
  /** Nothing but to be the next of its sender. */
  | { readonly kind: "count"; readonly sender: NodeId; readonly nonce: number }
  /** From the next election on, its sender votes with this key. */
  | { readonly kind: "renew"; readonly sender: NodeId; readonly serial: number; key: VoteKey }
  /** Two signatures that exclude each other: costs the suspect its seat. */
  | { readonly kind: "convict"; readonly suspect: NodeId; readonly evidence: Evidence };

/** Transactions travel by reference; the product's type has no place for what ours do. */
const acts = new WeakMap<Transaction, Act>();

export function actOf(transaction: Transaction): Act {
  const act = acts.get(transaction);
  if (act === undefined) throw new TypeError(`${transaction.signature} was not made here`);
  return act;
}

/** Two transactions about one thing do not fit into one block. */
export function subjectOf(act: Act): string {
  return act.kind === "convict" ? `convict ${act.suspect}` : `${act.kind} ${act.sender}`;
}

export const toyTransaction = (sender: NodeId, nonce: number): Transaction =>
  transactionOf({ kind: "count", sender, nonce }, `${sender}/${nonce}`);

export const renewal = (sender: NodeId, serial: number): Transaction & { key: VoteKey } => {
  const key = `${sender}.${serial}`;
  const made = transactionOf({ kind: "renew", sender, serial, key }, `renew ${key}`);
  return Object.assign(made, { key });
};

export const conviction = (suspect: NodeId, evidence: Evidence): Transaction =>
  transactionOf({ kind: "convict", suspect, evidence }, `convict ${suspect}`);

const orderId = hashText("order") as OrderId;

function transactionOf(act: Act, name: string): Transaction {
  const transaction: Transaction = {
    unsigned: {
      chainId: CHAIN,
      sender: act.kind === "convict" ? act.suspect : act.sender,
      nonce: BigInt(act.kind === "count" ? act.nonce : 0),
      notAfter: Number.MAX_SAFE_INTEGER,
      body: { kind: "decline", orderId, attempt: 0 },
    },
    signature: name as Signature,
  };
  acts.set(transaction, act);
  return transaction;
}
