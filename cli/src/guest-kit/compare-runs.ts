import type { TaskRun } from "@meshwork/edge-node/local-task";
import type { TraceLeaf } from "@meshwork/protocol";

/** Where two runs of one task part: the first thing that differs, in words. */
export function firstDifference(ours: TaskRun, theirs: TaskRun): string | null {
  return (
    leafDifference(ours.leaves.slice(0, -1), theirs.leaves.slice(0, -1)) ??
    (ours.steps === theirs.steps ? null : `it has ${ours.steps} steps, there ${theirs.steps}`) ??
    (ours.fault === theirs.fault ? null : `it ends in ${ours.fault}, there in ${theirs.fault}`) ??
    outputDifference(ours.output, theirs.output) ??
    (ours.traceRoot === theirs.traceRoot ? null : "the traces differ")
  );
}

/** What a leaf says of its step, in the order in which one looks for a cause. */
const FIELDS = [
  ["pre", "begins with another state"],
  ["out", "writes another output"],
  ["post", "leaves another state, or ends in another fault"],
  ["fuel", "burns another amount of fuel"],
  ["outBytes", "writes another amount of output"],
] as const;

export function leafDifference(
  ours: readonly TraceLeaf[],
  theirs: readonly TraceLeaf[],
): string | null {
  for (const [index, leaf] of ours.entries()) {
    const other = theirs[index];
    if (!other) return `step ${index} is missing there`;
    for (const [field, what] of FIELDS)
      if (leaf[field] !== other[field])
        return `step ${index} ${what}: ${leaf[field]}, there ${other[field]}`;
  }
  return null;
}

function outputDifference(ours: Uint8Array, theirs: Uint8Array): string | null {
  const length = Math.max(ours.length, theirs.length);
  for (let at = 0; at < length; at++)
    if (ours[at] !== theirs[at]) return `the outputs differ from byte ${at} on`;
  return null;
}
