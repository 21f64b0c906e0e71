import { access, type FileHandle, open, rename } from "node:fs/promises";
import type { FileSink, FileSource } from "@meshwork/api/client";
import { messageOf } from "@meshwork/foundation";
import { CliError } from "./cli-error.ts";

/** Runs `work` on a file of this machine, of any size: it is read in pieces. */
export async function withSource<T>(
  path: string,
  work: (source: FileSource) => Promise<T>,
): Promise<T> {
  const file = await open(path, "r").catch((cause) =>
    Promise.reject(
      new CliError("FILE_UNREADABLE", `${path} cannot be read: ${messageOf(cause)}`, {
        ...{ detail: { path }, cause },
      }),
    ),
  );
  try {
    const { size } = await file.stat();
    return await work({
      sizeBytes: size,
      async read(offset, length) {
        const bytes = await readAt(file, offset, length);
        if (bytes !== null) return bytes;
        throw new CliError("FILE_UNREADABLE", `${path} became shorter while it was read`);
      },
    });
  } finally {
    await file.close();
  }
}

/**
 * Writes `path` by way of `path.part`, which stays when it breaks off: the next try goes on from there.
 * Never replaces what is there.
 */
export async function withSink<T>(path: string, work: (sink: FileSink) => Promise<T>): Promise<T> {
  const part = `${path}.part`;
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (isThere)
    throw new CliError("FILE_EXISTS", `${path} is there already: name another file`, {
      detail: { path },
    });
  const file = await open(part, "r+").catch(() => open(part, "w+"));
  try {
    const result = await work({
      read: (offset, length) => readAt(file, offset, length),
      async write(offset, bytes) {
        await file.write(bytes, 0, bytes.length, offset);
      },
    });
    await rename(part, path);
    return result;
  } finally {
    await file.close();
  }
}

/** Null when the file ends before. */
async function readAt(
  file: FileHandle,
  offset: number,
  length: number,
): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) return null;
    done += bytesRead;
  }
  return bytes;
}
