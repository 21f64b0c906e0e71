import { link, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { systemRandom, toHex } from "@meshwork/foundation";

/**
 * Writes `text` to a file that does not exist yet, readable by its owner alone. After a crash at any
 * moment there is the whole file or none: the bytes are on disk under another name before the name
 * appears. `link` gives that name where `rename` would replace what is there; EEXIST says so.
 */
export async function writeNewFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${toHex(systemRandom.bytes(6))}.tmp`;
  try {
    await writeDurably(temporary, text);
    await link(temporary, path);
  } finally {
    await unlink(temporary).catch(() => {});
  }
  await syncFolder(dirname(path));
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, "wx", 0o600);
  await file.writeFile(text);
  await file.sync();
}

/** A name is durable once its folder is; Windows has no such call. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === "win32") return;
  await using folder = await open(path, "r");
  await folder.sync();
}
