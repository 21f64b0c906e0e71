import type { Digest, NodeId, OrderId } from "@meshwork/foundation";
import {
  type FaultCode,
  isLive,
  isQueued,
  type Outcome,
  sittingPanel,
  type TaskPanel,
  type TaskRecord,
} from "@meshwork/protocol";

/**
 * What a requester sees of a task, as one union: a function of the ledger's record and of what the
 * workers tell about their progress. Pure, so that the same record always shows the same.
 */
export type TaskView = {
  orderId: OrderId;
  /** Nodes that hold a place now, in call order. */
  workers: { node: NodeId; state: string }[];
  verifiers: { node: NodeId; state: string }[];
} & TaskStage;

export type TaskStage =
  /** Handed to this node; not on the ledger yet. */
  | { kind: "pending" }
  /** Escrowed; waits for its draw. */
  | { kind: "submitted"; queued: boolean }
  /** `result` is one worker's word: it comes long before its verdict. */
  | { kind: "running"; progress: TaskProgress[]; result: UnverifiedResult | null }
  /** All workers have committed; nobody can copy any more. */
  | { kind: "closed"; result: UnverifiedResult | null }
  | { kind: "audit"; mode: "none" | "segments" | "full"; result: UnverifiedResult | null }
  /** Other nodes judge: for want of a verdict, or upon an appeal against one. */
  | {
      kind: "panel";
      cause: TaskPanel["cause"];
      panel: { node: NodeId; state: string }[];
      result: UnverifiedResult | null;
    }
  | {
      kind: "done";
      outcome: Outcome;
      result: VerdictResult | null;
      segments: { sampled: number; of: number };
    };

export interface TaskProgress {
  worker: NodeId;
  stepsDone: number;
  steps: number;
}

/** A worker's word, not checked by anybody yet. */
export interface UnverifiedResult {
  worker: NodeId;
  resultHash: Digest;
}

export interface VerdictResult {
  resultHash: Digest;
  fuel: bigint;
  fault: FaultCode | null;
}

export function viewTask(
  record: TaskRecord,
  soft: { progress: readonly TaskProgress[]; result: UnverifiedResult | null },
): TaskView {
  return {
    orderId: record.orderId,
    workers: places(record.workers),
    verifiers: places(record.verifiers),
    ...stageOf(record, soft),
  };
}

const places = (list: TaskRecord["workers"]) =>
  list.filter(isLive).map(({ node, state }) => ({ node, state }));

function stageOf(record: TaskRecord, soft: Parameters<typeof viewTask>[1]): TaskStage {
  switch (record.phase) {
    case "submitted":
      return { kind: "submitted", queued: isQueued(record) };
    case "running":
      return { kind: "running", progress: [...soft.progress], result: soft.result };
    case "closed":
      return { kind: "closed", result: soft.result };
    case "audit":
      return { kind: "audit", mode: record.audit?.mode ?? "none", result: soft.result };
    case "panel":
      return panelStage(record, soft);
    case "done":
      return doneStage(record);
  }
}

function panelStage(record: TaskRecord, { result }: Parameters<typeof viewTask>[1]): TaskStage {
  const panel = sittingPanel(record);
  const { cause = "silence" as const, seats = [] } = panel ?? {};
  return { kind: "panel", cause, panel: places(seats), result };
}

function doneStage(record: TaskRecord): TaskStage {
  const end = record.conclusion;
  return {
    kind: "done",
    outcome: end?.outcome ?? "inconclusive",
    result: end?.result
      ? { resultHash: end.result.resultHash, fuel: end.result.fuel, fault: end.result.fault }
      : null,
    segments: { sampled: end?.segmentsSampled ?? 0, of: end?.result?.steps ?? 0 },
  };
}
