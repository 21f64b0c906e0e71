import { createHash } from "node:crypto";
import { chmod, mkdir } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";

/**
 * Where a running node listens for its owner: a socket in a folder that only the owner may enter. Windows
 * has pipes with names instead, which others may not write to.
 */
export function socketPathOf(nodeFolder: string): string {
  const folder = resolve(nodeFolder);
  if (process.platform === "win32") {
    const name = createHash("sha256").update(folder).digest("hex").slice(0, 32);
    return `\\\\.\\pipe\\meshwork-${name}`;
  }
  const path = join(folder, "control", "socket");
  // A socket's path has some 100 bytes at most; from here it may be shorter.
  const fromHere = relative(process.cwd(), path);
  return fromHere.length < path.length ? fromHere : path;
}

/** The permissions of the folder come before the socket: nobody else ever finds it open. */
export async function prepareSocketFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await chmod(dirname(path), 0o700);
}
