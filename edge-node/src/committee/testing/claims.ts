import { sha256Hex } from "@meshwork/crypto";
import type { ContentId, Digest, NodeId } from "@meshwork/foundation";
import type { Reveal } from "@meshwork/protocol";
import { leafOf, type RunningTask, runTask } from "../../runtime/run-task.ts";
import type { Claim } from "../read-claims.ts";
import type { Replayer } from "../replay.ts";

/** The states that workers of these tests have kept, as verifiers ask for them. */
const kept = new Map<Digest, Uint8Array>();

/** What a worker who ran this program would show. */
export async function claimOf(name: string, program: RunningTask): Promise<Claim> {
  const run = await runTask(program, {
    onStep: ({ postState }) => void kept.set(sha256Hex(postState), postState),
  });
  const { resultHash, traceRoot, steps, fuel, fault } = run;
  const worker = name as NodeId;
  const sealedOutput = "sealed" as ContentId;
  const salt = "00" as Digest;
  const shown = { worker, resultHash, traceRoot, steps, fuel, fault, sealedOutput, salt };
  const reveal: Reveal = { ...shown, transcript: null };
  return { worker, reveal, leaves: run.leaves, output: run.output, transcript: null };
}

/** Runs steps of the true program again, from the states that the claim itself names. */
export function replayerOf(program: RunningTask): Replayer {
  const whole = runTask(program);
  return {
    prepare() {},
    steps: async () => program.steps,
    replayAll: () => whole,
    async replayStep(index, before) {
      const last = before.at(-1);
      const preState = last === undefined ? new Uint8Array(0) : kept.get(last.post);
      if (preState === undefined || index >= program.steps) {
        const { leaves } = await whole;
        return (
          leaves[Math.min(index, leaves.length - 1)] ?? Promise.reject(new RangeError("no leaf"))
        );
      }
      const segment = {
        index,
        preState,
        fuelBefore: before.reduce((sum, leaf) => sum + leaf.fuel, 0n),
        outputBefore: before.reduce((sum, leaf) => sum + leaf.outBytes, 0),
      };
      return leafOf(segment, await program.runSegment(segment));
    },
    async close() {},
  };
}
