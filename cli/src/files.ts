import { readFile, stat, writeFile } from "node:fs/promises";
import { messageOf } from "@meshwork/foundation";
import { type Genesis, genesis } from "@meshwork/protocol";
import { CliError } from "./cli-error.ts";

/** Reads a file that a person named, up to `maxBytes`. */
export async function readBounded(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new RangeError(`it has ${size} bytes, at most ${maxBytes} are read`);
    return await readFile(path);
  } catch (cause) {
    throw new CliError("FILE_UNREADABLE", `${path} cannot be read: ${messageOf(cause)}`, {
      detail: { path },
      cause,
    });
  }
}

/** Never replaces what is there. @param mode 0o600 for what must stay secret */
export async function writeNew(path: string, data: string | Uint8Array, mode = 0o644) {
  try {
    await writeFile(path, data, { flag: "wx", mode });
  } catch (cause) {
    throw new CliError(
      "FILE_EXISTS",
      `${path} cannot be written: ${messageOf(cause)}; name another file`,
      { detail: { path }, cause },
    );
  }
}

export async function readGenesis(path: string): Promise<Genesis> {
  const bytes = await readBounded(path, 4 << 20);
  try {
    return genesis.fromJson(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new CliError(
      "GENESIS_INVALID",
      `${path} is no genesis: ${messageOf(cause)}; take the genesis.json that meshwork network create wrote`,
      { detail: { path }, cause },
    );
  }
}
