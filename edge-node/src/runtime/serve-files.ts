import type { Duplex } from "node:stream";
import { limits } from "@meshwork/foundation";
import { messageOf } from "@meshwork/foundation/errors";
import { NOT_THERE, REQUEST_BYTES } from "./file-requests.ts";
import type { HostFile } from "./runtime.ts";
import { SandboxError } from "./sandbox-error.ts";

/**
 * The node's side of `file-requests.ts`. Who asks may have been taken over by a stranger's program: he gets
 * chunks of his own task's files alone, one after the other, and no more than he reads.
 */
export function serveFiles(
  socket: Duplex,
  inputs: () => readonly (Uint8Array | HostFile)[],
  onFailure: (error: SandboxError) => void,
): void {
  let asked = Buffer.alloc(0);
  let answering = false;
  socket.on("error", () => {}); // The child died, and will say how.
  socket.on("data", (piece: Buffer) => {
    asked = Buffer.concat([asked, piece]);
    if (asked.length < REQUEST_BYTES) return;
    const hasUnread = socket.writableLength > 2 * limits.fileChunkBytes;
    if (asked.length > REQUEST_BYTES || answering || hasUnread) {
      socket.destroy();
      onFailure(new SandboxError("CHILD_LIES", "the child asks for more before it has read"));
      return;
    }
    const [input, index] = [asked.readUInt32BE(0), asked.readUInt32BE(4)];
    asked = Buffer.alloc(0);
    answering = true;
    chunkOf(inputs()[input], index)
      .then((chunk) => {
        answering = false;
        send(socket, chunk);
      })
      .catch((error) => onFailure(lost(error)));
  });
}

async function chunkOf(
  file: Uint8Array | HostFile | undefined,
  index: number,
): Promise<Uint8Array | null> {
  if (file === undefined || file instanceof Uint8Array) return null;
  return index * limits.fileChunkBytes < file.sizeBytes ? file.chunk(index) : null;
}

function send(socket: Duplex, chunk: Uint8Array | null): void {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(chunk?.length ?? NOT_THERE);
  socket.cork();
  socket.write(head);
  if (chunk !== null) socket.write(chunk);
  socket.uncork();
}

const lost = (cause: unknown) =>
  new SandboxError("INPUT_LOST", `a file of the task is not to be had: ${messageOf(cause)}`, {
    cause,
  });
