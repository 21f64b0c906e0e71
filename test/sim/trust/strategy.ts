import type { NodeId } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import type { Run } from "./program.ts";

/** One node in one task. */
export interface Seat {
  me: NodeId;
  task: TaskRecord;
}
/** What a verifier says of one worker; `run` is null if he showed nothing, `at` is the step that convicts him. */
export interface Finding {
  worker: NodeId;
  run: Run | null;
  at: number | null;
}

export type AuditMode = NonNullable<TaskRecord["audit"]>["mode"];

/** What a verifier shows of the steps that his seed picks: only one of these is work. */
export type Samples = "run" | "copied" | "made up";

/** How a node plays its places: an honest one, unless its adversary says otherwise. */
export interface Strategy {
  answers(seat: Seat, role: "worker" | "verifier"): "accept" | "decline" | "ignore";
  /** What it commits to; null: it accepted and lets everybody wait. */
  works(seat: Seat): Run | null;
  /** Whether it shows its result, once it knows how it is audited. */
  shows(seat: Seat, mode: AuditMode): boolean;
  /** What it signs, when this is the truth; null: nothing. */
  judges(seat: Seat, truth: readonly Finding[]): readonly Finding[] | null;
  samples: Samples;
  /** Whether it signs what its fellows made up. */
  colludes: boolean;
}

export const honest: Strategy = {
  answers: () => "accept",
  works: () => "honest",
  shows: () => true,
  judges: (_seat, truth) => truth,
  samples: "run",
  colludes: false,
};
