import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { digestOf, sha256Hex } from "@meshwork/crypto";
import { type Digest, digest, fromHex, limits, type OrderId, orderId } from "@meshwork/foundation";
import {
  decodeLeaf,
  encodeTrace,
  LEAF_BYTES,
  NOTHING_HASH,
  rawBytes,
  TRACE_MAX_BYTES,
  type TraceLeaf,
  wire,
} from "@meshwork/protocol";
import { z } from "zod";
import { readIfThere, replaceFile } from "../chain/store/durable-file.ts";
import type { RunSoFar } from "../runtime/run-task.ts";

/** What a run is of: another contract, another run. */
export interface RunOf {
  orderId: OrderId;
  contractHash: Digest;
}

/**
 * How far this node's own runs are, on its own disk: a node that was killed goes on from there. Nobody
 * else's are used: whoever commits to a trace answers for all of it, and a checkpoint of a stranger could
 * be checked only by running what it is to spare. See `docs/decisions/own-checkpoints.md`.
 */
export interface Checkpoints {
  /** Null when there is none, or none that is whole. */
  read(of: RunOf): Promise<RunSoFar | null>;
  /** Durable when it resolves. */
  keep(of: RunOf, run: RunSoFar): Promise<void>;
  forget(orderId: OrderId): Promise<void>;
  /** Forgets those of orders that are over. */
  sweep(isOver: (orderId: OrderId) => boolean): Promise<void>;
}

const checkpoint = wire(
  z.strictObject({
    orderId,
    contractHash: digest,
    trace: rawBytes(TRACE_MAX_BYTES),
    output: rawBytes(limits.outputBytes),
    state: rawBytes(limits.stateBytes),
    /** Of all that: a disk that damages it must not make this node guilty of a wrong trace. */
    checksum: digest,
  }),
  { name: "checkpoint", maxBytes: limits.checkpointBytes },
);
type Checkpoint = z.infer<typeof checkpoint.schema>;

export async function openCheckpoints(folder: string): Promise<Checkpoints> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pathOf = (id: OrderId) => join(folder, `${id}.checkpoint`);
  const forget = (id: OrderId) => rm(pathOf(id), { force: true });
  return {
    forget,
    async read(of) {
      const bytes = await readIfThere(pathOf(of.orderId));
      return bytes && runIn(bytes, of);
    },
    async keep(of, { leaves, output, state }) {
      const body = { ...of, trace: encodeTrace(leaves), output, state };
      const bytes = checkpoint.encode({ ...body, checksum: checksumOf(body) });
      await replaceFile(pathOf(of.orderId), bytes);
    },
    async sweep(isOver) {
      for (const name of await readdir(folder)) {
        const id = orderId.safeParse(name.split(".")[0]);
        if (!id.success || isOver(id.data)) await rm(join(folder, name), { force: true });
      }
    },
  };
}

const checksumOf = (body: Omit<Checkpoint, "checksum">): Digest =>
  digestOf(
    "meshwork/checkpoint/1",
    fromHex(body.orderId),
    fromHex(body.contractHash),
    body.trace,
    body.output,
    body.state,
  );

/** A damaged one, and one of another run, is none: the run begins anew. */
function runIn(bytes: Uint8Array, { orderId: id, contractHash }: RunOf): RunSoFar | null {
  try {
    const { checksum, ...body } = checkpoint.decode(bytes);
    const isOfRun = body.orderId === id && body.contractHash === contractHash;
    if (!isOfRun || checksumOf(body) !== checksum) return null;
    const { trace, output, state } = body;
    const leaves = leavesIn(trace);
    return isConsistent(leaves, { output, state }) ? { leaves, output, state } : null;
  } catch {
    return null;
  }
}

const leavesIn = (trace: Uint8Array): TraceLeaf[] =>
  Array.from({ length: trace.length / LEAF_BYTES }, (_, i) =>
    decodeLeaf(trace.subarray(i * LEAF_BYTES, (i + 1) * LEAF_BYTES)),
  );

/** The leaves follow each other and end at this state, having written this much. */
function isConsistent(
  leaves: readonly TraceLeaf[],
  { output, state }: Pick<RunSoFar, "output" | "state">,
): boolean {
  const written = leaves.reduce((sum, { outBytes }) => sum + outBytes, 0);
  const isChain = leaves.every(
    ({ index, pre }, i) => index === i && pre === (leaves[i - 1]?.post ?? NOTHING_HASH),
  );
  return isChain && written === output.length && leaves.at(-1)?.post === sha256Hex(state);
}
