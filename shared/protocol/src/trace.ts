import { digestBytesOf, sha256Hex } from "@meshwork/crypto";
import {
  assert,
  concat,
  type Digest,
  fromHex,
  limits,
  toHex,
  uint64,
  utf8,
} from "@meshwork/foundation";
import { WireError } from "./canonical.ts";
import { type FaultCode, faultCode } from "./commitment.ts";
import { merklePath, merkleRoot, verifyMerklePath } from "./merkle.ts";

/**
 * The trace of a run: one leaf a step and one that closes it, so that a result can be checked in
 * parts. Two runs that differ have a first leaf that differs; all before it is agreed, so one step
 * run again shows who is wrong.
 */
export interface TraceLeaf {
  index: number;
  /** sha-256 of the state before and after the step: also the states' content addresses. */
  pre: Digest;
  post: Digest;
  /** sha-256 of what the step added to the output, and how much that was. */
  out: Digest;
  outBytes: number;
  /** What the step used. */
  fuel: bigint;
}

export const LEAF_BYTES = 120;

export const NOTHING_HASH = sha256Hex(new Uint8Array(0));

export const encodeLeaf = (leaf: TraceLeaf): Uint8Array =>
  concat(
    uint64(leaf.index),
    fromHex(leaf.pre),
    fromHex(leaf.post),
    fromHex(leaf.out),
    uint64(leaf.outBytes),
    uint64(leaf.fuel),
  );

export function decodeLeaf(bytes: Uint8Array): TraceLeaf {
  assert(bytes.length === LEAF_BYTES, `a trace leaf has ${LEAF_BYTES} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, LEAF_BYTES);
  const hash = (at: number) => toHex(bytes.subarray(at, at + 32)) as Digest;
  return {
    index: Number(view.getBigUint64(0)),
    pre: hash(8),
    post: hash(40),
    out: hash(72),
    outBytes: Number(view.getBigUint64(104)),
    fuel: view.getBigUint64(112),
  };
}

/**
 * The leaf after the last step binds the whole result to the steps: its number says how many there
 * were, `out` is the hash of the whole output, `post` of how the program ended, `fuel` the sum.
 */
export function closingLeaf(run: {
  steps: number;
  finalState: Digest;
  resultHash: Digest;
  resultBytes: number;
  fuel: bigint;
  fault: FaultCode | null;
}): TraceLeaf {
  return {
    index: run.steps,
    pre: run.finalState,
    post: endingHash(run.fault),
    out: run.resultHash,
    outBytes: run.resultBytes,
    fuel: run.fuel,
  };
}

const endingHash = (fault: FaultCode | null): Digest =>
  sha256Hex(utf8(`meshwork/ending/1:${fault ?? "done"}`));

const endings = new Set([null, ...faultCode.options].map(endingHash));

/** Whether this leaf closes a trace. */
export const isEnding = (leaf: TraceLeaf): boolean => endings.has(leaf.post);

/** What stands for the state after a step that faulted. */
export const faultStateHash = (fault: FaultCode): Digest =>
  sha256Hex(utf8(`meshwork/fault/1:${fault}`));

const packed = (leaves: readonly TraceLeaf[]): Uint8Array[] => leaves.map(encodeLeaf);

export const traceRootOf = (leaves: readonly TraceLeaf[]): Digest => merkleRoot(packed(leaves));

export const tracePath = (leaves: readonly TraceLeaf[], index: number) =>
  merklePath(packed(leaves), index);

/** @param steps as the worker claimed: his trace has one leaf more. */
export const verifyTracePath = (
  leaf: Uint8Array,
  place: { index: number; steps: number },
  path: readonly (Digest | null)[],
  root: Digest,
): boolean => verifyMerklePath(leaf, { index: place.index, count: place.steps + 1 }, path, root);

/** The whole trace as one object, which a worker serves after the close: its leaves, one behind the other. */
export const encodeTrace = (leaves: readonly TraceLeaf[]): Uint8Array => concat(...packed(leaves));

export const TRACE_MAX_BYTES = LEAF_BYTES * (limits.stepsPerTask + 1);

/** Throws `WireError` unless `bytes` are whole leaves, numbered from 0, the closing one among them. */
export function decodeTrace(bytes: Uint8Array): TraceLeaf[] {
  const count = bytes.length / LEAF_BYTES;
  const leaves =
    Number.isInteger(count) && bytes.length <= TRACE_MAX_BYTES ? cut(bytes, count) : [];
  if (leaves.length < 2 || leaves.some((leaf, i) => leaf.index !== i)) {
    throw new WireError(
      "WIRE_MALFORMED",
      `a trace of ${bytes.length} bytes is not a row of numbered leaves`,
    );
  }
  return leaves;
}

const cut = (bytes: Uint8Array, count: number): TraceLeaf[] =>
  Array.from({ length: count }, (_, i) =>
    decodeLeaf(bytes.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)),
  );

/** Which steps a verifier runs again: distinct, and fixed by a seed that he committed before the close. */
export function sampledSteps(seed: Digest, steps: number, count: number): number[] {
  const picked = new Set<number>();
  const wanted = Math.min(count, steps);
  for (let counter = 0; picked.size < wanted; counter++) {
    const draw = digestBytesOf("meshwork/sample/1", fromHex(seed), uint64(counter));
    // 64 random bits over at most 2^13 steps: the bias is below 2^-50.
    picked.add(Number(new DataView(draw.buffer, draw.byteOffset).getBigUint64(0) % BigInt(steps)));
  }
  return [...picked];
}
