import { rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Log } from "@meshwork/observability";
import { encodeFacts } from "../../store/block-facts.ts";
import type { Chain } from "../../store/chain.ts";
import { SnapshotError } from "../snapshot-error.ts";
import { snapshotSource } from "../snapshot-source.ts";
import {
  type ExportReply,
  type ExportRequest,
  exportRefusal,
  exportReply,
  exportRequest,
} from "./export-messages.ts";
import { framed, unframed } from "./local-frames.ts";
import { prepareSocketFolder, socketPathOf } from "./socket-path.ts";

export interface ServeExportsParts {
  chain: Pick<Chain, "head" | "base" | "encodedBlockAt" | "handOvers" | "history">;
  log: Log;
}

/** One backup and a few questions; whoever asks is the node's owner. */
const CONNECTIONS = 8;
/** An asker that neither reads nor asks for so long is gone; it may be uploading a chunk meanwhile. */
const SILENCE_MS = 300_000;

/**
 * Lets the owner's other processes copy the ledger while the node runs: LevelDB lets them not. A head is a
 * value, so that the copy is of one moment, and the node goes on. Returns how to stop.
 */
export async function serveExports(
  parts: ServeExportsParts,
  folder: string,
): Promise<() => Promise<void>> {
  const path = socketPathOf(folder);
  const exporter = new Exporter(parts);
  const server = createServer((socket) => void exporter.onConnection(socket));
  server.maxConnections = CONNECTIONS;
  try {
    await prepareSocketFolder(path);
    // Left by a crash: this process owns the folder, by the lock of its ledger.
    await rm(path, { force: true });
    await listen(server, path);
  } catch (error) {
    parts.log.warn("no backup can be taken while this node runs: its socket cannot be made", {
      path,
      error,
    });
    return async () => {};
  }
  server.on("error", (error) => parts.log.warn("the socket for backups failed", { error }));
  return async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    exporter.stop();
    await closed;
  };
}

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, () => {
      server.off("error", reject);
      resolve();
    });
  });

class Exporter {
  readonly #parts: ServeExportsParts;
  readonly #sockets = new Set<Socket>();
  #isExporting = false;

  constructor(parts: ServeExportsParts) {
    this.#parts = parts;
  }

  async onConnection(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
    try {
      const request = await readRequest(socket);
      await pipeline(Readable.from(framed(this.#answer(request))), socket);
    } catch (error) {
      this.#parts.log.debug("an export ended early", { error });
      socket.destroy();
    }
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async *#answer(request: ExportRequest): AsyncGenerator<Uint8Array> {
    try {
      if (request.kind === "state") yield* this.#state();
      else yield* this.#blocks(request);
      yield END;
    } catch (error) {
      if (!(error instanceof SnapshotError)) throw error;
      yield reply({ kind: "refused", code: exportRefusal.parse(error.code) });
    }
  }

  async *#state(): AsyncGenerator<Uint8Array> {
    if (this.#isExporting)
      throw new SnapshotError("BACKUP_BUSY", "this node is giving a backup to somebody else");
    this.#isExporting = true;
    try {
      const { chain } = this.#parts;
      // The head first: of what comes meanwhile there may be a hand-over too many, and none too few.
      const { head } = chain;
      const { chunks, ...proof } = snapshotSource(head, await chain.handOvers(0));
      yield reply({ kind: "state", ...proof, handOver: [...proof.handOver] });
      for await (const { bytes } of chunks) yield bytes;
    } finally {
      this.#isExporting = false;
    }
  }

  async *#blocks(range: { from: number; to: number }): AsyncGenerator<Uint8Array> {
    const { chain } = this.#parts;
    const from = Math.max(range.from, chain.base + 1);
    const to = Math.min(range.to, chain.head.height);
    yield reply({ kind: "blocks", from, to: Math.max(to, from - 1) });
    for (let height = from; height <= to; height++) {
      const block = await chain.encodedBlockAt(height);
      const facts = await chain.history.factsAt(height);
      if (block === null || facts === null) continue;
      yield block;
      yield encodeFacts(facts);
    }
  }
}

const END = new Uint8Array(0);

const reply = (value: ExportReply): Uint8Array => exportReply.encode(value);

async function readRequest(socket: Socket): Promise<ExportRequest> {
  const pieces = socket.iterator({ destroyOnReturn: false });
  for await (const frame of unframed(pieces, 64)) return exportRequest.decode(frame);
  throw new Error("nothing was asked");
}
