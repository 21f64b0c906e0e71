import { openBytes, sha256Hex } from "@meshwork/crypto";
import { type Digest, fromHex, limits, type NodeId } from "@meshwork/foundation";
import {
  closingLeaf,
  decodeTrace,
  encodeLeaf,
  isEnding,
  NOTHING_HASH,
  type Reveal,
  type TaskLimits,
  type TaskMessageOf,
  TRACE_MAX_BYTES,
  type TraceLeaf,
  type Transcript,
  traceRootOf,
  transcript as transcriptWire,
} from "@meshwork/protocol";
import type { Shown } from "./gather-reveals.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/** A worker's whole claim: every step of it can be pointed at. */
export interface Claim {
  worker: NodeId;
  reveal: Reveal;
  leaves: readonly TraceLeaf[];
  output: Uint8Array;
  /** What the world told this run; null when it asked nothing. */
  transcript: Transcript | null;
}

/**
 * Reads the trace and the output behind each reveal. A claim whose trace does not lead to the root
 * that was committed, or whose output is not to be had, counts as not shown: nothing in it could be
 * checked, and whoever committed to it had to have both.
 */
export async function readClaims(
  parts: Pick<VerifierParts, "blobs" | "log">,
  verification: Verification,
  { shown, limits: agreed }: { shown: Shown; limits: Pick<TaskLimits, "fuel"> },
): Promise<Claim[]> {
  const claims = await Promise.all(
    [...shown.values()].map((messages) => readFirst(parts, verification, messages)),
  );
  // No honest run uses more fuel: what the steps claim beyond it would be paid for.
  return claims
    .filter((claim) => claim !== null)
    .filter(({ reveal }) => reveal.fuel <= agreed.fuel);
}

/** One who brings another's reveal can spoil it by a wrong key or address, but not for the next. */
async function readFirst(
  parts: Pick<VerifierParts, "blobs" | "log">,
  verification: Verification,
  messages: readonly TaskMessageOf<"reveal">[],
): Promise<Claim | null> {
  for (const message of messages) {
    const claim = await readClaim(parts, verification, message);
    if (claim !== null) return claim;
  }
  return null;
}

async function readClaim(
  { blobs, log }: Pick<VerifierParts, "blobs" | "log">,
  { task, signal }: Verification,
  message: TaskMessageOf<"reveal">,
): Promise<Claim | null> {
  const { reveal, trace, outputKey } = message;
  const hints = [reveal.worker, task.order.gateway];
  try {
    const leaves = decodeTrace(
      await blobs.fetch(trace, { hints, maxBytes: TRACE_MAX_BYTES, signal }),
    );
    const maxBytes = limits.outputBytes + limits.sealOverheadBytes;
    const sealed = await blobs.fetch(reveal.sealedOutput, { hints, maxBytes, signal });
    const output = openBytes(fromHex(outputKey), sealed);
    const transcript = await readTranscript(blobs, message, { hints, signal });
    const whole =
      output !== null &&
      isChain(leaves) &&
      isClosedBy(leaves, reveal, output) &&
      isMadeOf(leaves, reveal, output);
    if (!whole)
      log.warn("a worker's claim does not hold together", {
        orderId: task.orderId,
        worker: reveal.worker,
      });
    return whole ? { worker: reveal.worker, reveal, leaves, output, transcript } : null;
  } catch (error) {
    if (signal.aborted) throw error;
    log.warn("a worker's claim could not be read", {
      orderId: task.orderId,
      worker: reveal.worker,
      error,
    });
    return null;
  }
}

/** @throws when it is not the one that the reveal names. */
async function readTranscript(
  blobs: VerifierParts["blobs"],
  { reveal, transcript: place, outputKey }: TaskMessageOf<"reveal">,
  from: { hints: readonly NodeId[]; signal: AbortSignal },
): Promise<Transcript | null> {
  if (reveal.transcript === null) return null;
  if (place === null) throw new RangeError("the reveal does not say where the transcript lies");
  const maxBytes = limits.transcriptBytes + limits.sealOverheadBytes;
  const bytes = openBytes(fromHex(outputKey), await blobs.fetch(place, { ...from, maxBytes }));
  if (bytes === null || sha256Hex(bytes) !== reveal.transcript)
    throw new RangeError("what lies there is not the transcript");
  return transcriptWire.decode(bytes);
}

/** Each step begins where the one before it ended, and nothing comes after an ending. */
const isChain = (leaves: readonly TraceLeaf[]): boolean =>
  leaves.every(
    (leaf, i) =>
      leaf.pre === (leaves[i - 1]?.post ?? NOTHING_HASH) &&
      (i === leaves.length - 1 || !isEnding(leaf)),
  );

/** The committed root is over these leaves, and the last of them says what the reveal says. */
function isClosedBy(leaves: readonly TraceLeaf[], reveal: Reveal, output: Uint8Array): boolean {
  const last = leaves.at(-1);
  const before = leaves.at(-2);
  if (last === undefined || before === undefined || leaves.length !== reveal.steps + 1)
    return false;
  const closing = closingLeaf({ ...reveal, finalState: before.post, resultBytes: output.length });
  return (
    traceRootOf(leaves) === reveal.traceRoot &&
    encodeLeaf(last).join() === encodeLeaf(closing).join() &&
    fuelOf(leaves.slice(0, -1)) === reveal.fuel
  );
}

/** What is paid for is the sum of the steps: no sample ever looks at the closing leaf, which says it. */
const fuelOf = (steps: readonly TraceLeaf[]): bigint =>
  steps.reduce((sum, { fuel }) => sum + fuel, 0n);

/** The output has the hash that was committed, and each step's piece of it the hash in the step's leaf. */
function isMadeOf(leaves: readonly TraceLeaf[], reveal: Reveal, output: Uint8Array): boolean {
  if (sha256Hex(output) !== reveal.resultHash) return false;
  if (reveal.fault !== null) return output.length === 0;
  let offset = 0;
  const fits = leaves.slice(0, -1).every(({ out, outBytes }) => {
    const piece: Digest = sha256Hex(output.subarray(offset, offset + outBytes));
    offset += outBytes;
    return piece === out;
  });
  return fits && offset === output.length;
}
