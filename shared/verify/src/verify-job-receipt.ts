import type { Digest, NodeId, OrderId } from "@meshwork/foundation";
import {
  type ContentRef,
  type Contract,
  contentNameOf,
  handOverChain,
  type Job,
  type JobEnd,
  type JobReceipt,
  jobFlaw,
  jobIdOf,
  jobReceiptRoot,
  jobReceipt as jobReceiptWire,
  type Outcome,
  outputOf,
  partContract,
  reduceContract,
  slotOrder,
} from "@meshwork/protocol";
import type { Trust } from "./anchor.ts";
import { anchorIn, type Believed } from "./check-final.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { type VerifiedReceipt, verifyReceipt } from "./verify-receipt.ts";

export interface VerifiedPart {
  orderId: OrderId;
  outcome: Outcome;
  /** Null: it came to nothing, and is one of the failures that the job allows. */
  resultHash: Digest | null;
  risk: VerifiedReceipt["risk"];
}

/** What a job's receipt proves, once every byte of it was checked. */
export interface VerifiedJob {
  ok: true;
  jobId: Digest;
  requester: NodeId;
  /** One an input of the job, in order. */
  parts: VerifiedPart[];
  failures: number;
  /** Null when the job has none: the parts' results are the job's. */
  reduce: VerifiedPart | null;
  /** Names all the receipts. */
  root: Digest;
  /** The weakest of all. */
  trust: Trust;
}

/**
 * Offline, with keys alone. The job, which its requester has signed, fixes the id of each part's order: so
 * a part that is missing, stands in another's place or comes from elsewhere is refused. The reduction's
 * order is fixed by what the parts have written: it read exactly that, in that order.
 */
export function verifyJobReceipt(
  source: JobReceipt | Uint8Array,
  believed: Believed,
): VerifiedJob | Refusal {
  const receipt = source instanceof Uint8Array ? decode(source) : source;
  if (receipt === null)
    return refuse("NOT_A_JOB_RECEIPT", "these bytes are not the canonical form of a job's receipt");
  const { job, root } = receipt;
  const refusal = checkJob(receipt, believed);
  if (refusal !== null) return refusal;
  const known = { ...believed, handOver: [...handOversIn(believed), ...receipt.handOver] };
  const parts: VerifiedReceipt[] = [];
  for (const [index, end] of receipt.parts.entries()) {
    const part = checkEnd(receipt, { end, index, contract: partContract(job.body, index) }, known);
    if ("code" in part) return part;
    parts.push(part);
  }
  const failures = receipt.parts.filter((end) => outputOf(end) === null).length;
  if (failures > job.body.maxFailures)
    return refuse(
      "TOO_MANY_FAILURES",
      `${failures} parts have no output; the job allows ${job.body.maxFailures}`,
    );
  const reduce = checkReduction(receipt, known);
  if (reduce !== null && "code" in reduce) return reduce;
  const all = reduce === null ? parts : [...parts, reduce];
  return {
    ok: true,
    jobId: jobIdOf(job.mandate),
    requester: job.mandate.requester,
    parts: parts.map(toldOf),
    failures,
    reduce: reduce === null ? null : toldOf(reduce),
    root,
    trust: all.every(({ trust }) => trust === "valid") ? "valid" : "valid_historic",
  };
}

const handOversIn = ({ handOver = [] }: Believed) =>
  handOver instanceof Uint8Array ? handOverChain.decode(handOver).handOvers : handOver;

function decode(bytes: Uint8Array): JobReceipt | null {
  try {
    return jobReceiptWire.decode(bytes);
  } catch {
    return null;
  }
}

/** The cheap first: whether the pieces belong together at all. */
function checkJob(receipt: JobReceipt, believed: Believed): Refusal | null {
  const { job, parts, reduce, root } = receipt;
  const { chainId } = anchorIn(believed);
  if (job.mandate.chainId !== chainId)
    return refuse("WRONG_CHAIN", `the job is of network ${job.mandate.chainId}, not ${chainId}`);
  const flaw = jobFlaw(job);
  if (flaw !== null) return refuse("WRONG_JOB", `the mandate is none for this job (${flaw})`);
  const { length } = job.body.inputs;
  if (parts.length !== length)
    return refuse("WRONG_PART", `the job has ${length} parts, the receipt ${parts.length}`);
  if ((job.body.reduce === null) !== (reduce === null))
    return reduce === null
      ? refuse("REDUCTION_MISSING", "the job has a reduction; its receipt is not here")
      : refuse("REDUCTION_UNEXPECTED", "the job has no reduction");
  const found = jobReceiptRoot(receipt);
  return found === root ? null : refuse("WRONG_ROOT", `the receipts make ${found}, not ${root}`);
}

/** A receipt that verifies, of the very order that the job places there. */
function checkEnd(
  { job }: { job: Job },
  { end, index, contract }: { end: JobEnd; index: number; contract: Contract },
  believed: Believed,
): VerifiedReceipt | Refusal {
  const { attempt, receipt } = end;
  const isReduction = index === job.body.inputs.length;
  const what = isReduction ? "the reduction" : `part ${index}`;
  if (attempt >= job.body.attempts || receipt.handOver.length > 0)
    return refuse("WRONG_PART", `${what} has an attempt or hand-overs that it cannot have`);
  const { orderId } = slotOrder(job, { index, attempt }, contract);
  if (receipt.task.orderId !== orderId)
    return refuse("WRONG_PART", `${what} is order ${orderId}, not ${receipt.task.orderId}`);
  const verified = verifyReceipt(receipt, believed);
  if (!verified.ok) return refuse(verified.code, `${what}: ${verified.reason}`);
  const isRead = job.body.reduce !== null && !isReduction && outputOf(end) !== null;
  if (isRead !== (end.outputBytes !== null))
    return refuse("WRONG_OUTPUT_SIZE", `${what} says the size of its output exactly if it is read`);
  return verified;
}

function checkReduction(receipt: JobReceipt, believed: Believed): VerifiedReceipt | Refusal | null {
  const { job, reduce } = receipt;
  if (reduce === null) return null;
  const contract = reduceContract(job.body, outputsOf(receipt));
  const index = job.body.inputs.length;
  const verified = checkEnd(receipt, { end: reduce, index, contract }, believed);
  if ("code" in verified || outputOf(reduce) !== null) return verified;
  return refuse("REDUCTION_FAILED", `the reduction ended ${verified.outcome}, without an output`);
}

/** In order; what came to nothing is left out. */
const outputsOf = ({ parts }: Pick<JobReceipt, "parts">): ContentRef[] =>
  parts.flatMap((end) => {
    const resultHash = outputOf(end);
    return resultHash === null || end.outputBytes === null
      ? []
      : [{ contentId: contentNameOf(resultHash), sizeBytes: end.outputBytes }];
  });

const toldOf = ({ orderId, outcome, result, risk }: VerifiedReceipt): VerifiedPart => ({
  orderId,
  outcome,
  resultHash: result === null || result.fault !== null ? null : result.resultHash,
  risk,
});
