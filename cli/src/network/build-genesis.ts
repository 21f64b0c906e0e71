import type { Digest, Key25519, Points, PublicKey } from "@meshwork/foundation";
import { reputationTableDigest } from "@meshwork/ledger";
import type { Genesis, GenesisMember, NetworkPolicy, RuntimeId } from "@meshwork/protocol";
import { FIRST_KEY_VERSION } from "./member-keys.ts";

/** A node that the genesis takes in, in good standing. */
export interface FoundingNode {
  readonly publicKey: PublicKey;
  readonly recoveryHash: Digest;
  readonly transportKey: Key25519;
  readonly sealKey: Key25519;
  /** Null: it works, but has no seat in the first committee. */
  readonly vote: { readonly voteKey: PublicKey; readonly vrfKey: Key25519 } | null;
}

export interface GenesisPlan {
  readonly name: string;
  readonly time: number;
  /** Random: no two networks share a name. */
  readonly nonce: Digest;
  readonly policy: NetworkPolicy;
  readonly nodes: readonly FoundingNode[];
  /** Keys that run no worker: relays, gateways, operators, requesters. */
  readonly accounts: readonly {
    readonly publicKey: PublicKey;
    readonly recoveryHash: Digest;
    readonly points: bigint;
  }[];
}

const RUNTIMES: readonly RuntimeId[] = ["js-qjs-v1", "wasm-step-v1", "wasi-cmd-v1"];

/** What a founder starts with: bonds for some hundred places. */
const FOUNDER_POINTS = 10_000n;
/** As if it had done this much clean work: the founders are known to each other. */
const FOUNDER_STANDING = 40;
/** Tasks at a time: a small machine with two cores. */
const FOUNDER_CAPACITY = 2;

/** Pure: the same plan makes the same network. */
export function buildGenesis(plan: GenesisPlan): Genesis {
  const { name, time, nonce, policy, nodes, accounts } = plan;
  return {
    version: 1,
    nonce,
    name,
    time,
    policy,
    members: nodes.map(memberOf),
    accounts: accounts.map(({ publicKey, points, recoveryHash }) => ({
      publicKey,
      points: points as Points,
      recoveryHash,
    })),
    reputationTable: reputationTableDigest,
    successors: [],
  };
}

function memberOf(node: FoundingNode): GenesisMember {
  return {
    ...node,
    keyVersion: FIRST_KEY_VERSION,
    region: "local",
    runtimes: [...RUNTIMES],
    capacity: FOUNDER_CAPACITY,
    points: FOUNDER_POINTS as Points,
    standing: FOUNDER_STANDING,
  };
}
