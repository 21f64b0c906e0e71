import { sha256Hex } from "@meshwork/crypto";
import { type ContentId, type Digest, type Fuel, type NodeId, utf8 } from "@meshwork/foundation";
import {
  closingLeaf,
  NOTHING_HASH,
  type Reveal,
  type TraceLeaf,
  traceRootOf,
} from "@meshwork/protocol";
import { seededDigest } from "./identity.ts";

/** The one program of this world: so many steps of so much fuel. What it computes does not matter here. */
export const STEPS = 16;
const FUEL_PER_STEP = 312_500_000n;
export const FUEL = (FUEL_PER_STEP * BigInt(STEPS)) as Fuel;

/**
 * A run that is not the true one. The steps that are named were made up; each of the others follows from
 * the state before it, as it should: whoever runs only those again finds nothing.
 */
export interface Lie {
  /** Liars with one tag tell one story. */
  tag: string;
  /** In ascending order. */
  forged: readonly number[];
}
export type Run = Lie | "honest";

export interface Trace {
  leaves: TraceLeaf[];
  traceRoot: Digest;
  resultHash: Digest;
}

const traces = new Map<string, Trace>();
/** Stories are told once a task; the honest run is always the same. */
const REMEMBERED = 64;

export const runKey = (run: Run): string =>
  run === "honest" ? run : `${run.tag}:${run.forged.join()}`;

export function traceOf(run: Run): Trace {
  const key = runKey(run);
  const known = traces.get(key);
  if (known !== undefined) return known;
  if (traces.size >= REMEMBERED) traces.clear();
  const made = makeTrace(run);
  traces.set(key, made);
  return made;
}

function makeTrace(run: Run): Trace {
  const from = run === "honest" ? STEPS : (run.forged[0] ?? STEPS);
  const state = (step: number) =>
    sha256Hex(utf8(step <= from ? `state ${step}` : `state ${step} of ${runKey(run)}`));
  const resultHash = sha256Hex(utf8(`result of ${runKey(run)}`));
  const steps = Array.from({ length: STEPS }, (_, index) => ({
    index,
    pre: state(index),
    post: state(index + 1),
    out: NOTHING_HASH,
    outBytes: 0,
    fuel: FUEL_PER_STEP,
  }));
  const ending = { steps: STEPS, finalState: state(STEPS), fault: null };
  const leaves = [...steps, closingLeaf({ ...ending, resultHash, resultBytes: 6, fuel: FUEL })];
  return { leaves, traceRoot: traceRootOf(leaves), resultHash };
}

export const revealOf = (worker: NodeId, run: Run, salt: string): Reveal => ({
  worker,
  resultHash: traceOf(run).resultHash,
  traceRoot: traceOf(run).traceRoot,
  steps: STEPS,
  fuel: FUEL,
  fault: null,
  sealedOutput: `bafkrei${"a".repeat(52)}` as ContentId,
  transcript: null,
  salt: seededDigest(salt),
});
