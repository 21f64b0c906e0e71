import type { OrderId } from "@meshwork/foundation";
import type { Genesis, Outcome } from "@meshwork/protocol";
import type { z } from "zod";
import type { TaskState } from "../views.ts";
import { requireProof } from "./check-receipt.ts";
import { ClientError } from "./client-error.ts";
import type { Task } from "./define-task.ts";
import {
  type Concluded,
  fetchReceipt,
  fetchResult,
  type ResultParts,
  soon,
} from "./fetch-result.ts";
import { watchTask } from "./watch-task.ts";

export interface RunParts extends ResultParts {
  /** The receipt is checked against it, offline; null: it is taken home unread. */
  genesis: Genesis | null;
}

export interface RunOptions {
  /** Called with every state, in order, also after a lost connection. */
  onState?: (state: TaskState) => void;
  signal?: AbortSignal;
}

const outcomesWithOutput = [
  "verified",
  "accepted",
  "recorded",
  "similar",
  "judged",
  "attested",
] as const satisfies Outcome[];
export type OutcomeWithOutput = (typeof outcomesWithOutput)[number];

const hasOutput = (outcome: Outcome): outcome is OutcomeWithOutput =>
  outcomesWithOutput.some((one) => one === outcome);

export interface RunResult<Output> {
  orderId: OrderId;
  /**
   * `verified`: executed again by others. `accepted`: replicas agreed, by earned trust. The others are for
   * work that is not deterministic: docs/not-deterministic.md.
   */
  outcome: OutcomeWithOutput;
  output: Output;
  resultHash: string;
  fuel: bigint;
  /** Of the segments that workers ran, how many were executed again. */
  segments: { sampled: number; of: number };
  /** Canonical bytes: keep them, they verify offline. */
  receipt: Uint8Array;
}

/** From an order on the ledger to its checked output; throws the coded error of any other end. */
export async function followToResult<Output extends z.ZodType>(
  parts: RunParts,
  { orderId, task }: { orderId: OrderId; task: Task<z.ZodType, Output> },
  { onState, signal }: RunOptions,
): Promise<RunResult<z.output<Output>>> {
  for await (const { state } of watchTask(parts, orderId, { signal })) onState?.(state);
  const concluded = await soon(parts.clock, () => concludedOf(parts, orderId, signal), signal);
  const { outcome, result, bytes, segments } = checkEnd(orderId, concluded);
  const output = task.decodeOutput(bytes);
  const receipt = await soon(parts.clock, () => fetchReceipt(parts, orderId, signal), signal);
  if (receipt === null)
    throw new ClientError("RESULT_MISSING", `the server has no receipt of order ${orderId} yet`);
  const { resultHash, fuel } = result;
  if (parts.genesis !== null)
    requireProof(
      receipt,
      { genesis: parts.genesis, now: parts.clock.now() },
      { orderId, outcome, resultHash },
    );
  return { orderId, outcome, output, resultHash, fuel: BigInt(fuel), segments, receipt };
}

async function concludedOf(
  parts: ResultParts,
  orderId: OrderId,
  signal: AbortSignal | undefined,
): Promise<Concluded | null> {
  const answer = await fetchResult(parts, orderId, { unverified: false, signal });
  if (answer.kind !== "concluded") return null;
  return hasOutput(answer.outcome) && answer.output === null ? null : answer;
}

function checkEnd(orderId: OrderId, concluded: Concluded | null) {
  if (concluded === null)
    throw new ClientError(
      "RESULT_MISSING",
      `order ${orderId} is concluded, but its output has not come to this server: ask it again later`,
    );
  const { outcome, result, segments, output } = concluded;
  switch (outcome) {
    case "verified":
    case "accepted":
    case "recorded":
    case "similar":
    case "judged":
    case "attested":
      if (result !== null && output !== null) return { outcome, result, bytes: output, segments };
      throw new ClientError("ANSWER_INVALID", `order ${orderId} is ${outcome} without a result`);
    case "failed":
      throw new ClientError(
        "TASK_FAILED",
        `the program of order ${orderId} ended in ${result?.fault ?? "a fault"}, the same on every machine: correct it, or its limits`,
        { detail: { orderId, fault: result?.fault } },
      );
    case "disputed":
      throw new ClientError(
        "TASK_DISPUTED",
        `no result of order ${orderId} could be trusted; its receipt says who is to blame: order it anew`,
        { detail: { orderId } },
      );
    case "inconclusive":
      throw new ClientError(
        "TASK_INCONCLUSIVE",
        `order ${orderId} ended without a verdict, and its price came back: too few nodes offer what it needs, or they did not agree in time: look at the list of nodes, or order it anew with longer deadlines`,
        { detail: { orderId } },
      );
    case "revoked":
      throw new ClientError(
        "TASK_REVOKED",
        `order ${orderId} was taken back before it had a result`,
        {
          detail: { orderId },
        },
      );
  }
}
