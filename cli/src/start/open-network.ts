import { existsSync } from "node:fs";
import { join } from "node:path";
import { type ChainId, CodedError } from "@meshwork/foundation";
import { chainIdOf, type Genesis } from "@meshwork/protocol";
import { readGenesis } from "../files.ts";
import { createNetwork, type NetworkParts, networkFiles } from "../network/create-network.ts";
import type { Ports } from "./ports.ts";

export class StartError extends CodedError<"NETWORK_DIFFERS" | "CHILDREN_LEFT"> {}

export interface OpenedNetwork {
  readonly genesis: Genesis;
  readonly chainId: ChainId;
  /** False: it was there, with all that it knew. */
  readonly isNew: boolean;
}

/** Four seats survive the loss of one. */
const VALIDATORS = 4;

/** The network of a data folder, made when there is none. */
export async function openNetwork(
  parts: NetworkParts,
  options: { folder: string; nodes: number; ports: Ports },
): Promise<OpenedNetwork> {
  const { folder, nodes, ports } = options;
  const genesisFile = join(folder, networkFiles.genesis);
  if (!existsSync(genesisFile)) {
    const plan = {
      name: "first-light",
      nodes,
      validators: VALIDATORS,
      development: true,
      relayAddresses: [
        `/ip4/127.0.0.1/tcp/${ports.relayTcp}`,
        `/ip4/127.0.0.1/tcp/${ports.relayWebSocket}/ws`,
      ],
    };
    const { genesis, chainId } = await createNetwork(parts, plan, folder);
    return { genesis, chainId, isNew: true };
  }
  const genesis = await readGenesis(genesisFile);
  if (genesis.members.length !== nodes)
    throw new StartError(
      "NETWORK_DIFFERS",
      `the network in ${folder} has ${genesis.members.length} nodes, not ${nodes}; start it with --nodes ${genesis.members.length}, or make another with --fresh (which deletes it) or --data DIR`,
      { detail: { folder, found: genesis.members.length, asked: nodes } },
    );
  return { genesis, chainId: chainIdOf(genesis), isNew: false };
}
