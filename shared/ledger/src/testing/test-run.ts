import { sha256Hex } from "@meshwork/crypto";
import { type Digest, utf8 } from "@meshwork/foundation";
import { closingLeaf, type FaultCode, NOTHING_HASH, type TraceLeaf } from "@meshwork/protocol";

export const STEPS = 8;
/** The step at which a liar departs from the truth. */
export const LIE_AT = 5;

/** The run of the test's only program, which a liar changes from one step on. */
export function testRun(
  lie: string | null,
  fault: FaultCode | null = null,
): { leaves: TraceLeaf[]; resultHash: Digest } {
  const state = (step: number) =>
    sha256Hex(utf8(lie !== null && step > LIE_AT ? `state ${step} of ${lie}` : `state ${step}`));
  const resultHash = sha256Hex(utf8(lie === null ? "result" : `result of ${lie}`));
  const leaves = Array.from({ length: STEPS }, (_, index) => ({
    index,
    pre: state(index),
    post: state(index + 1),
    out: NOTHING_HASH,
    outBytes: 0,
    fuel: 1_000_000n,
  }));
  const ending = { steps: STEPS, finalState: state(STEPS), fault };
  const sums = { resultHash, resultBytes: 6, fuel: 1_000_000n * BigInt(STEPS) };
  return { leaves: [...leaves, closingLeaf({ ...ending, ...sums })], resultHash };
}
