import { readFile } from "node:fs/promises";
import { CodedError, messageOf } from "@meshwork/foundation";
import { type Genesis, genesis } from "@meshwork/protocol";

export class GenesisFileError extends CodedError<"GENESIS_UNREADABLE"> {
  /** EX_CONFIG: what the program was told to read is wrong. */
  readonly exitCode = 78;
}

export async function readGenesis(path: string): Promise<Genesis> {
  try {
    return genesis.fromJson(await readFile(path, "utf8"));
  } catch (cause) {
    throw new GenesisFileError(
      "GENESIS_UNREADABLE",
      `${path} is no genesis: ${messageOf(cause)}. Take it again from who made the network`,
      { detail: { path }, cause },
    );
  }
}
