import { sha256Hex } from "@meshwork/crypto";
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
import { z } from "zod";
import { wire } from "./canonical.ts";
import { type FaultCode, faultCode } from "./commitment.ts";
import { merklePath, merkleRoot, verifyMerklePath } from "./merkle.ts";
import { rawBytes } from "./raw-bytes.ts";

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
  /** sha-256 of what the step added to the output. */
  out: Digest;
  /** What the step used. */
  fuel: bigint;
}

export const LEAF_BYTES = 112;

export const NOTHING_HASH = sha256Hex(new Uint8Array(0));

export const encodeLeaf = (leaf: TraceLeaf): Uint8Array =>
  concat(
    uint64(leaf.index),
    fromHex(leaf.pre),
    fromHex(leaf.post),
    fromHex(leaf.out),
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
    fuel: view.getBigUint64(104),
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
  fuel: bigint;
  fault: FaultCode | null;
}): TraceLeaf {
  const ending = sha256Hex(utf8(`meshwork/ending/1:${run.fault ?? "done"}`));
  return {
    index: run.steps,
    pre: run.finalState,
    post: ending,
    out: run.resultHash,
    fuel: run.fuel,
  };
}

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

/** The whole trace as one object, which a worker serves after the close. */
export const traceFile = wire(
  z.strictObject({
    /** `LEAF_BYTES` each, the closing leaf last. */
    leaves: rawBytes(LEAF_BYTES * (limits.stepsPerTask + 1)),
    /** How many bytes of the output each step wrote. */
    outputBytes: z.array(z.int().min(0).max(limits.outputBytes)).max(limits.stepsPerTask),
    fault: faultCode.nullable(),
  }),
  { name: "trace", maxBytes: (LEAF_BYTES + 6) * (limits.stepsPerTask + 1) },
);
export type TraceFile = z.infer<typeof traceFile.schema>;

export const leavesOf = (file: TraceFile): TraceLeaf[] => {
  const count = file.leaves.length / LEAF_BYTES;
  assert(Number.isInteger(count), "a trace file holds whole leaves");
  return Array.from({ length: count }, (_, i) =>
    decodeLeaf(file.leaves.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)),
  );
};
