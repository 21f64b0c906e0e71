import type { Segment } from "./runtime.ts";

/**
 * What one kind of program must be able to do; `open-task.ts` makes a session of it. Both functions
 * throw a TaskFault when the program ends itself, and both begin with a fresh instance.
 */
export interface StepRuntime {
  /** What getting the program ready costs, by its size. */
  readonly preparationFuel: bigint;
  countSteps(budget: bigint): { steps: number; fuel: bigint };
  runStep(segment: Segment, budget: bigint): StepResult;
}

export interface StepResult {
  readonly postState: Uint8Array;
  readonly output: Uint8Array;
  readonly fuel: bigint;
}
