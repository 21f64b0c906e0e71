import { readSync, writeSync } from "node:fs";
import { limits } from "@meshwork/foundation/limits";
import { HostFailure, type InputFile } from "./runtime.ts";

/**
 * How a child gets the chunks of its task's files: over a socket of its own, on which it waits, since its
 * program cannot go on before. It asks for an input's number and a chunk's, 4 bytes each; the answer is a length
 * and as many bytes, or `NOT_THERE`. The node's side is `serve-files.ts`.
 */
export const FILES_FD = 4;
export const REQUEST_BYTES = 8;
export const NOT_THERE = 0xffff_ffff;

/** The child's side. */
export function fileByRequests(input: number, sizeBytes: number): InputFile {
  return {
    sizeBytes,
    chunk(index) {
      const request = new DataView(new ArrayBuffer(REQUEST_BYTES));
      request.setUint32(0, input);
      request.setUint32(4, index);
      writeSync(FILES_FD, new Uint8Array(request.buffer));
      const head = receive(4);
      const length = new DataView(head.buffer).getUint32(0);
      const expected = Math.min(limits.fileChunkBytes, sizeBytes - index * limits.fileChunkBytes);
      if (length !== expected)
        throw new HostFailure("HOST_BROKEN", `chunk ${index} of input ${input} is not to be had`);
      return receive(length);
    },
  };
}

function receive(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const read = readSync(FILES_FD, bytes, done, length - done, null);
    if (read === 0) throw new HostFailure("HOST_BROKEN", "the node has closed its files");
    done += read;
  }
  return bytes;
}
