import { equalBytes, type NodeId, type OrderId, type PublicKey } from "@meshwork/foundation";
import {
  checkProof,
  type Outcome,
  proofHash,
  type Receipt,
  receipt as receiptWire,
  segmentsSampled,
  stateKey,
  type TaskConclusion,
  type TaskRecord,
  type Transaction,
  type TransactionBody,
  taskRecord,
  transactionIdOf,
  unsignedTransaction,
  verifyMandate,
  verifyStateProof,
  verifyTransaction,
} from "@meshwork/protocol";
import { type Anchor, type Trust, trustIn } from "./anchor.ts";
import { anchorIn, type Believed, checkFinal } from "./check-final.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { type Risk, riskOf } from "./risk.ts";

/** What a receipt proves, once every byte of it was checked. */
export interface VerifiedReceipt {
  ok: true;
  orderId: OrderId;
  requester: NodeId;
  outcome: Outcome;
  /** Null when there is none: refunded, or disputed. */
  result: TaskConclusion["result"];
  risk: Risk;
  /** The block whose state holds the record, and its proposer's clock. */
  height: number;
  time: number;
  trust: Trust;
}

export type ReceiptCheck = Believed;

/** Offline, with keys alone: nothing is asked of anybody, and nothing in the receipt is believed unproved. */
export function verifyReceipt(
  source: Receipt | Uint8Array,
  believed: ReceiptCheck,
): VerifiedReceipt | Refusal {
  const receipt = source instanceof Uint8Array ? decode(source) : source;
  if (receipt === null)
    return refuse("NOT_A_RECEIPT", "these bytes are not the canonical form of a receipt");
  const anchor = anchorIn(believed);
  // The header holds the record, the record names order and proof, a quorum signed the header: the
  // hashes come before the signatures, so that a forgery is cheap to refuse.
  const refusal =
    checkRecord(receipt) ?? checkOrder(anchor, receipt) ?? checkConclusion(anchor, receipt);
  if (refusal !== null) return refusal;
  const proved = checkFinal(receipt, { ...believed, genesis: anchor });
  if ("code" in proved) return proved;

  const { task, header, proof } = receipt;
  const { conclusion } = task;
  if (conclusion === null) return refuse("NOT_DONE", `task ${task.orderId} is ${task.phase}`);
  const agreeing = proof?.verdict.findings.filter((found) => found.verdict === "honest") ?? [];
  return {
    ok: true,
    orderId: task.orderId,
    requester: task.requester,
    outcome: conclusion.outcome,
    result: conclusion.result,
    risk: riskOf(task, conclusion, agreeing.length),
    height: header.height,
    time: header.time,
    trust: trustIn(proved, believed),
  };
}

function decode(bytes: Uint8Array): Receipt | null {
  try {
    return receiptWire.decode(bytes);
  } catch {
    return null;
  }
}

/** The record stands in the state that the committee made final. */
function checkRecord({ task, path, header }: Receipt): Refusal | null {
  const key = stateKey("task", task.orderId);
  return verifyStateProof(header.stateRoot, key, taskRecord.encode(task), path)
    ? null
    : refuse("NOT_IN_STATE", `the path does not lead from this record to ${header.stateRoot}`);
}

/** The order is the one that the record is about, and its requester signed it. */
function checkOrder({ chainId }: Anchor, { order, task }: Receipt): Refusal | null {
  const { unsigned } = order;
  // The order's id is that of the transaction; a body put together from the record must have it too.
  const body = orderBodyOf(unsigned.body, task);
  const sender = unsigned.body.kind === "part" ? task.order.gateway : task.requester;
  const expected = body && { ...unsigned, chainId, sender, body };
  const isOfRecord =
    expected !== null &&
    (transactionIdOf(unsigned) as string) === task.orderId &&
    equalBytes(unsignedTransaction.encode(unsigned), unsignedTransaction.encode(expected));
  if (!isOfRecord) return refuse("WRONG_ORDER", `the record is not about this order`);
  return isSignedBy(task.requesterKey, order)
    ? null
    : refuse("BAD_ORDER_SIGNATURE", `${task.requester} has not signed the order`);
}

/** What was placed, as the record has it; null when that is no order. */
function orderBodyOf(
  body: TransactionBody,
  { requester, order }: TaskRecord,
): TransactionBody | null {
  if (body.kind === "submit") return { kind: "submit", order };
  if (body.kind !== "part") return null;
  const { contractHash, ...template } = order;
  const mandate = { ...body.mandate, requester, order: template };
  return { ...body, mandate, contractHash };
}

/** One of many orders is signed together with the others; its receipt shows that signature, once more. */
function isSignedBy(key: PublicKey, order: Transaction): boolean {
  const { body } = order.unsigned;
  if (body.kind !== "part") return verifyTransaction(key, order);
  const { mandate, signature } = body;
  return order.signature === signature && verifyMandate(key, mandate, signature);
}

/** The task ended as the verifiers' proof says; without one, only the ledger's refund is possible. */
function checkConclusion({ chainId }: Anchor, { task, proof }: Receipt): Refusal | null {
  const { conclusion, phase } = task;
  if (phase !== "done" || conclusion === null)
    return refuse("NOT_DONE", `the task is ${phase}: its receipt comes when it is done`);
  if (proof === null) return checkRefund(conclusion);
  if (conclusion.proofHash !== proofHash(proof))
    return refuse(
      conclusion.proofHash === null ? "PROOF_UNEXPECTED" : "WRONG_PROOF",
      `the record was concluded by ${conclusion.proofHash}, not by this proof`,
    );
  const refusal = checkProof({ chainId, task }, proof);
  if (refusal !== null) return refuse(refusal.code, refusal.reason);
  const { verdict } = proof;
  const agrees =
    conclusion.outcome === verdict.outcome &&
    conclusion.segmentsSampled === segmentsSampled(task, proof) &&
    sameResult(conclusion.result, proof);
  return agrees
    ? null
    : refuse("WRONG_CONCLUSION", "the record's conclusion is not what the proof says");
}

function checkRefund({ proofHash: hash, outcome, result }: TaskConclusion): Refusal | null {
  if (hash !== null)
    return refuse("PROOF_MISSING", `the record was concluded by a proof ${hash}: it must be here`);
  return (outcome === "inconclusive" || outcome === "revoked") && result === null
    ? null
    : refuse("WRONG_CONCLUSION", `without a proof a task cannot end ${outcome}`);
}

function sameResult(concluded: TaskConclusion["result"], proof: NonNullable<Receipt["proof"]>) {
  const { result, findings } = proof.verdict;
  if (concluded === null || result === null) return concluded === result;
  const shown = findings.find((found) => found.verdict === "honest")?.reveal;
  return (
    concluded.resultHash === result.resultHash &&
    concluded.traceRoot === result.traceRoot &&
    concluded.steps === result.steps &&
    concluded.fuel === result.fuel &&
    concluded.fault === result.fault &&
    concluded.sealedOutput === shown?.sealedOutput
  );
}
