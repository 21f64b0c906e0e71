import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CodedError, messageOf } from "@meshwork/foundation";
import {
  chainIdOf,
  type Genesis,
  genesis as genesisWire,
  type Invite,
  inviteFromText,
} from "@meshwork/protocol";
import type { NamedBlock } from "@meshwork/verify";

export class GenesisFileError extends CodedError<
  "GENESIS_UNREADABLE" | "GENESIS_UNKNOWN" | "GENESIS_OTHER_NETWORK"
> {}

/** Which network a node belongs to, and how to get there. */
export interface NetworkPlace {
  genesis: Genesis;
  invite: Invite | null;
  relays: readonly string[];
  /** What the operator named, or else whoever invited him: a block to trust, beside the genesis. */
  checkpoint: NamedBlock | null;
}

export interface PlaceOptions {
  folder: string;
  genesisFile: string | null;
  /** An invite string. */
  invite: string | null;
  relays: readonly string[];
  /** @default that of the invite */
  checkpoint?: NamedBlock | null;
}

/**
 * The genesis from the file that was named, from the folder of an earlier start, or from the network
 * that an invite names: then by its hash, so that it does not matter who gave it.
 */
export async function findGenesis(
  options: PlaceOptions,
  fetch: (invite: Invite) => Promise<Genesis>,
): Promise<NetworkPlace> {
  const invite = options.invite === null ? null : inviteFromText(options.invite);
  const relays = options.relays.length > 0 ? options.relays : (invite?.relays ?? []);
  const kept = join(options.folder, "genesis.json");
  const genesis =
    (await readGenesis(options.genesisFile)) ??
    (await readGenesis(kept, { ifThere: true })) ??
    (await fromNetwork(invite, fetch, kept));
  if (invite !== null && chainIdOf(genesis) !== invite.chainId) {
    throw new GenesisFileError(
      "GENESIS_OTHER_NETWORK",
      `the invite is for network ${invite.chainId}, and the genesis here is of ${chainIdOf(genesis)}: give the node another folder`,
    );
  }
  return { genesis, invite, relays, checkpoint: options.checkpoint ?? invite?.checkpoint ?? null };
}

async function readGenesis(path: string | null, { ifThere = false } = {}): Promise<Genesis | null> {
  if (path === null) return null;
  try {
    return genesisWire.fromJson(await readFile(path, "utf8"));
  } catch (cause) {
    if (ifThere && (cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new GenesisFileError(
      "GENESIS_UNREADABLE",
      `${path} is no genesis: ${messageOf(cause)}. Take it again from who made the network`,
      { cause },
    );
  }
}

async function fromNetwork(
  invite: Invite | null,
  fetch: (invite: Invite) => Promise<Genesis>,
  kept: string,
): Promise<Genesis> {
  if (invite === null) {
    throw new GenesisFileError(
      "GENESIS_UNKNOWN",
      "this node does not know its network: name a genesis file, or an invite",
    );
  }
  const genesis = await fetch(invite);
  await writeFile(kept, `${genesisWire.toJson(genesis)}\n`);
  return genesis;
}
