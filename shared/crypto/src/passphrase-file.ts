import { open } from "node:fs/promises";
import { fromUtf8, messageOf } from "@meshwork/foundation";
import { KeystoreError } from "./keystore-error.ts";

/** Nobody types, and no generator makes, more. */
const LARGEST_PASSPHRASE_BYTES = 4_096;

/**
 * The passphrase of an unattended node: the file's text without one line ending at its end. A file
 * that every user of the machine can read is refused, since it protects nothing.
 */
export async function readPassphraseFile(path: string): Promise<string> {
  const { text, mode } = await read(path);
  // Windows has no such bits: Node makes them up.
  if (process.platform !== "win32" && (mode & 0o007) !== 0)
    throw new KeystoreError(
      "PASSPHRASE_EXPOSED",
      `everybody on this machine may open ${path} (mode ${(mode & 0o777).toString(8)}); run chmod 600 on it`,
      { detail: { path } },
    );
  const passphrase = text.replace(/\r?\n$/, "");
  if (passphrase === "")
    throw new KeystoreError("PASSPHRASE_EMPTY", `${path} is empty; write the passphrase into it`, {
      detail: { path },
    });
  return passphrase;
}

async function read(path: string): Promise<{ text: string; mode: number }> {
  try {
    await using file = await open(path, "r");
    const { mode, size } = await file.stat();
    if (size > LARGEST_PASSPHRASE_BYTES)
      throw new RangeError(`${size} bytes are no passphrase (at most ${LARGEST_PASSPHRASE_BYTES})`);
    return { text: fromUtf8(await file.readFile()), mode };
  } catch (cause) {
    throw new KeystoreError(
      "PASSPHRASE_MISSING",
      `no passphrase can be read from ${path}: ${messageOf(cause)}`,
      { detail: { path }, cause },
    );
  }
}
