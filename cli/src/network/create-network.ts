import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createVoteFolder } from "@meshwork/edge-node/vote-key";
import {
  type ChainId,
  type Clock,
  CodedError,
  type Digest,
  type Random,
  toHex,
} from "@meshwork/foundation";
import { createIdentity } from "@meshwork/p2p";
import { chainIdOf, type Genesis, genesis as genesisWire, inviteToText } from "@meshwork/protocol";
import { buildGenesis, type FoundingNode } from "./build-genesis.ts";
import { makeInvite } from "./make-invite.ts";
import { createMemberKeys, FIRST_KEY_VERSION, type MemberKeys } from "./member-keys.ts";
import { developmentPolicy, strangersPolicy } from "./policies.ts";

export interface NetworkPlan {
  readonly name: string;
  /** Founding nodes, all told. */
  readonly nodes: number;
  /** How many of them vote in the first committee: the first ones. */
  readonly validators: number;
  /** Caps off, newcomers count at once. */
  readonly development: boolean;
  /** Where the relay will be found: `/ip4/127.0.0.1/tcp/7701`. */
  readonly relayAddresses: readonly string[];
}

export interface Network {
  readonly genesis: Genesis;
  readonly chainId: ChainId;
  /** Where the relay will be found, with the PeerId that its keys give it. */
  readonly relays: readonly string[];
  readonly invite: string;
}

/** What a network's folder holds; each part has a folder of its own that can be moved elsewhere. */
export const networkFiles = {
  genesis: "genesis.json",
  invite: "invite.txt",
  relay: "relay",
  gateway: "gateway",
  operator: "operator",
  agent: "agent",
  node: (number: number) => `node-${number}`,
  /** In a node's folder: the log of what it signed, and the key that signs, side by side. */
  vote: "vote",
} as const;

const OPERATOR_POINTS = 10_000_000n;
const AGENT_POINTS = 1_000_000n;
/** Of the first invite: `meshwork network invite` makes others. */
const FIRST_INVITE = { grant: 1_000n, uses: 100, lifetimeMs: 30 * 24 * 3_600_000 };

export class NetworkError extends CodedError<"NETWORK_EXISTS"> {}

export interface NetworkParts {
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * Makes every key of a new network and writes it to `folder`, which must be new or empty. The whole
 * folder appears at once: a crash leaves no half of a network that somebody could join.
 */
export async function createNetwork(
  parts: NetworkParts,
  plan: NetworkPlan,
  folder: string,
): Promise<Network> {
  await mkdir(dirname(folder), { recursive: true });
  const draft = `${folder}.${toHex(parts.random.bytes(6))}.new`;
  try {
    const network = await writeNetwork(parts, plan, draft);
    await moveTo(folder, draft);
    return network;
  } finally {
    // Where one key could not be written, others may still be on their way into the folder.
    await rm(draft, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** `rename` replaces an empty folder and refuses any other. */
async function moveTo(folder: string, draft: string): Promise<void> {
  try {
    await rename(draft, folder);
  } catch (cause) {
    throw new NetworkError(
      "NETWORK_EXISTS",
      `${folder} is there and not empty, and keys are never overwritten; name another folder`,
      { detail: { folder }, cause },
    );
  }
}

async function writeNetwork(
  { clock, random }: NetworkParts,
  plan: NetworkPlan,
  folder: string,
): Promise<Network> {
  const keysIn = (name: string) => createMemberKeys(join(folder, name), random);
  const [relay, gateway, operator, agent] = await Promise.all([
    keysIn(networkFiles.relay),
    keysIn(networkFiles.gateway),
    keysIn(networkFiles.operator),
    keysIn(networkFiles.agent),
  ]);
  const numbers = Array.from({ length: plan.nodes }, (_, index) => index + 1);
  const nodes = await Promise.all(
    numbers.map((number) =>
      foundNode(join(folder, networkFiles.node(number)), number <= plan.validators, random),
    ),
  );
  const time = clock.now();
  const genesis = buildGenesis({
    name: plan.name,
    time,
    nonce: toHex(random.bytes(32)) as Digest,
    policy: plan.development ? developmentPolicy : strangersPolicy,
    nodes,
    accounts: [
      funded(operator, OPERATOR_POINTS),
      funded(agent, AGENT_POINTS),
      funded(gateway, 0n),
      funded(relay, 0n),
    ],
  });
  const chainId = chainIdOf(genesis);
  const { grant, uses, lifetimeMs } = FIRST_INVITE;
  const relays = relaysOf(plan, { relay, chainId, clock });
  const invite = inviteToText(
    makeInvite(
      operator.keyPair,
      { chainId, relays, grant, uses, notAfter: time + lifetimeMs },
      random,
    ),
  );
  // A bearer token, and therefore for the owner's eyes.
  await writeFile(join(folder, networkFiles.invite), `${invite}\n`, { mode: 0o600 });
  await writeFile(join(folder, networkFiles.genesis), `${genesisWire.toJson(genesis)}\n`);
  return { genesis, chainId, relays, invite };
}

async function foundNode(folder: string, votes: boolean, random: Random): Promise<FoundingNode> {
  const { keyPair, recoveryHash, transportKey, sealKey } = await createMemberKeys(folder, random);
  const vote = votes ? await createVoteFolder(join(folder, networkFiles.vote)) : null;
  return { publicKey: keyPair.publicKey, recoveryHash, transportKey, sealKey, vote };
}

/** The relay's addresses, with the PeerId that its keys give it in this network. */
function relaysOf(
  plan: NetworkPlan,
  { relay, chainId, clock }: { relay: MemberKeys; chainId: ChainId; clock: Clock },
): string[] {
  const { peerId } = createIdentity(
    { clock },
    {
      chainId,
      keyPair: relay.keyPair,
      keyVersion: FIRST_KEY_VERSION,
      sealKey: relay.sealKey,
      roles: ["relay"],
      region: "local",
      software: "meshwork",
    },
  );
  return plan.relayAddresses.map((address) => `${address}/p2p/${peerId}`);
}

/** What the genesis says of keys that run no worker. */
const funded = ({ keyPair: { publicKey }, recoveryHash }: MemberKeys, points: bigint) => ({
  publicKey,
  recoveryHash,
  points,
});
