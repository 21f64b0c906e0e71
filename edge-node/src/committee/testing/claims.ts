import type { ContentId, Digest, NodeId } from "@meshwork/foundation";
import type { Reveal } from "@meshwork/protocol";
import { type RunningTask, runTask, type TaskRun } from "../../runtime/run-task.ts";
import type { Claim } from "../read-claims.ts";
import type { Replayer } from "../replay.ts";

/** Runs again from the beginning: the states between the steps are not at issue here. */
export const replayerOf = (program: RunningTask): Replayer => {
  const whole = runTask(program);
  return {
    steps: async () => program.steps,
    replayAll: () => whole,
    async replayStep(index) {
      const run = await whole;
      return (
        run.leaves[Math.min(index, run.leaves.length - 1)] ??
        Promise.reject(new RangeError("no leaf"))
      );
    },
    async close() {},
  };
};

/** What a worker who ran this program would show. */
export async function claimOf(name: string, program: RunningTask): Promise<Claim> {
  const run: TaskRun = await runTask(program);
  const { resultHash, traceRoot, steps, fuel, fault } = run;
  const worker = name as NodeId;
  const sealedOutput = "sealed" as ContentId;
  const reveal: Reveal = {
    worker,
    resultHash,
    traceRoot,
    steps,
    fuel,
    fault,
    sealedOutput,
    salt: "00" as Digest,
  };
  return { worker, reveal, leaves: run.leaves };
}
