import { rename } from "node:fs/promises";
import { join } from "node:path";
import { createVoteFolder } from "@meshwork/edge-node/vote-key";
import { type Clock, fromUtf8, messageOf, type NodeId } from "@meshwork/foundation";
import {
  type Seat,
  type SuccessorGenesis,
  seatSchema,
  successorGenesis,
  wire,
} from "@meshwork/protocol";
import { CliError } from "../cli-error.ts";
import { readBounded } from "../files.ts";
import { networkFiles } from "../network/create-network.ts";

/** What a member hands to who prepares: public keys alone. */
export const seatFile = wire(seatSchema, { name: "seat", maxBytes: 4_096 });

export interface NewSeat {
  readonly seat: Seat;
  /** Where the vote folder of the lost network is now, if there was one. */
  readonly kept: string | null;
}

/**
 * A seat of the successor begins with a key that has signed nothing: whether the old one's log is whole
 * need not be known. What was there is kept beside it.
 */
export async function createSeat(
  { clock }: { clock: Clock },
  { node, data }: { node: NodeId; data: string },
): Promise<NewSeat> {
  const folder = join(data, networkFiles.vote);
  const aside = `${folder}.before-${clock.now()}`;
  const kept = await rename(folder, aside).then(
    () => aside,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return null;
      throw new CliError("FILE_NOT_WRITTEN", `${folder} cannot be moved: ${messageOf(error)}`, {
        cause: error,
      });
    },
  );
  return { seat: { node, ...(await createVoteFolder(folder)) }, kept };
}

export const readSeat = (path: string): Promise<Seat> => readAs(path, seatFile);

export const readSuccessor = (path: string): Promise<SuccessorGenesis> =>
  readAs(path, successorGenesis);

async function readAs<T>(path: string, noun: { fromJson(text: string): T }): Promise<T> {
  const bytes = await readBounded(path, 1 << 20);
  try {
    return noun.fromJson(fromUtf8(bytes));
  } catch (cause) {
    throw new CliError(
      "RECOVERY_FILE_INVALID",
      `${path} is not what it should be: ${messageOf(cause)}; take it again from who made it`,
      { detail: { path }, cause },
    );
  }
}
