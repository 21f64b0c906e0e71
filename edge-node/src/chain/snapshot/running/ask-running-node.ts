import { connect, type Socket } from "node:net";
import { limits } from "@meshwork/foundation";
import { type FinalizedBlock, finalizedBlock, snapshotChunk } from "@meshwork/protocol";
import { decodeFacts } from "../../store/block-facts.ts";
import type { EncodedChunk } from "../chunks.ts";
import { SnapshotError } from "../snapshot-error.ts";
import type { SnapshotSource } from "../snapshot-source.ts";
import type { BlockWithFacts } from "../view-ledger.ts";
import {
  type ExportReply,
  type ExportRequest,
  exportReply,
  exportRequest,
} from "./export-messages.ts";
import { framed, unframed } from "./local-frames.ts";
import { socketPathOf } from "./socket-path.ts";

/** A node that runs on this machine, as its owner's other processes see it. */
export interface RunningNode {
  /** Its state, of one moment. @throws SnapshotError `BACKUP_BUSY`, `BACKUP_NO_BLOCKS`, `BACKUP_INTERRUPTED` */
  state(): Promise<SnapshotSource>;
  /** Its final blocks of these heights, as far as it has them. @throws SnapshotError `BACKUP_INTERRUPTED` */
  blocks(range: { from: number; to: number }): AsyncIterable<BlockWithFacts>;
  /** Ends what is under way. */
  close(): void;
}

/** Null when no node runs on this folder, or it cannot be asked. */
export async function findRunningNode(folder: string): Promise<RunningNode | null> {
  const path = socketPathOf(folder);
  const probe = await open(path);
  if (probe === null) return null;
  probe.destroy();
  const sockets = new Set<Socket>();

  async function ask(request: ExportRequest) {
    const socket = await open(path);
    if (socket === null) throw interrupted();
    sockets.add(socket);
    for await (const piece of framed(once(exportRequest.encode(request)))) socket.write(piece);
    const frames = unframed(socket, limits.snapshotChunkMaxBytes);
    const { value } = await frames.next().catch((cause) => Promise.reject(interrupted(cause)));
    if (value === undefined) throw interrupted();
    return { reply: accepted(exportReply.decode(value)), frames };
  }

  return {
    async state() {
      const { reply, frames } = await ask({ kind: "state" });
      if (reply.kind !== "state") throw interrupted();
      const { kind, ...proof } = reply;
      return { ...proof, chunks: chunksOf(untilEnd(frames)) };
    },
    async *blocks(range) {
      const { frames } = await ask({ kind: "blocks", ...range });
      let finalized: FinalizedBlock | null = null;
      for await (const frame of untilEnd(frames)) {
        if (finalized === null) {
          finalized = finalizedBlock.decode(frame);
          continue;
        }
        yield { finalized, facts: decodeFacts(frame) };
        finalized = null;
      }
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

const open = (path: string): Promise<Socket | null> =>
  new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(null));
  });

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value;
}

function accepted(reply: ExportReply): Exclude<ExportReply, { kind: "refused" }> {
  if (reply.kind !== "refused") return reply;
  throw new SnapshotError(reply.code, REFUSALS[reply.code]);
}

const REFUSALS: Record<Extract<ExportReply, { kind: "refused" }>["code"], string> = {
  BACKUP_BUSY: "the node is giving a backup to somebody else: wait until that has ended",
  BACKUP_NO_BLOCKS:
    "this chain has only its genesis: there is nothing in it that the genesis file does not hold",
  BACKUP_INTERRUPTED: "the node could not go on with this backup: look at its log",
};

/** The frames before the empty one, which must come. */
async function* untilEnd(frames: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const frame of frames) {
      if (frame.length === 0) return;
      yield frame;
    }
  } catch (cause) {
    throw interrupted(cause);
  }
  throw interrupted();
}

async function* chunksOf(frames: AsyncIterable<Uint8Array>): AsyncGenerator<EncodedChunk> {
  for await (const bytes of frames)
    yield { bytes, leaves: snapshotChunk.decode(bytes).leaves.length };
}

const interrupted = (cause?: unknown) =>
  new SnapshotError(
    "BACKUP_INTERRUPTED",
    "the node ended before it had given everything: run this again, when it is up or when it has stopped; what was stored is not stored again",
    cause === undefined ? {} : { cause },
  );
