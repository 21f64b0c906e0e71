import { nodeIdOf } from "@meshwork/crypto";
import {
  type BlockHash,
  CodedError,
  type Digest,
  type NodeId,
  type Points,
  type PublicKey,
} from "@meshwork/foundation";
import {
  type Committee,
  chainIdOf,
  committeeHash,
  type Genesis,
  type GenesisMember,
  type Header,
  lastCommitHashOf,
  transactionRootOf,
} from "@meshwork/protocol";
import { genesisBeacon } from "./beacon.ts";
import { committeeOfGenesis } from "./elect-committee.ts";
import type { Contribution } from "./epoch-records.ts";
import { policyFlaw } from "./policy-flaw.ts";
import { OLDEST_PROTOCOL } from "./protocol-version.ts";
import type { Account, Head, NodeState } from "./records.ts";
import { ONE } from "./reputation.ts";
import { reputationTableDigest } from "./reputation-quantile.ts";
import { State } from "./state.ts";

export class GenesisError extends CodedError<
  | "GENESIS_TABLE"
  | "GENESIS_SEATS"
  | "GENESIS_DUPLICATE"
  | "GENESIS_POINTS"
  | "GENESIS_POLICY"
  | "GENESIS_GOES_ON"
> {}

/** The first state and its header at height 0: the same on every machine. Throws `GenesisError`. */
export function applyGenesis(genesis: Genesis): { state: State; header: Header } {
  checkGenesis(genesis);
  if (genesis.successors.length > 0)
    throw new GenesisError(
      "GENESIS_GOES_ON",
      "this genesis goes on from the state of an earlier network, which it does not hold: restore a snapshot of the new network, or a ledger from `meshwork ledger recover finish`",
    );
  const chainId = chainIdOf(genesis);
  const beacon = genesisBeacon(chainId);
  const committee = committeeOfGenesis(genesis, beacon);
  const head: Head = {
    chainId,
    height: 0,
    time: genesis.time,
    activeTime: 0,
    beacon,
    total: totalOf(genesis),
    burnt: nothing,
    escrowed: nothing,
    lastProposed: committee.seats.map(() => 0),
  };
  let state = State.empty
    .with("head", head)
    .with("policy", genesis.policy)
    .with("committee", committee)
    .with("epoch", {
      ...{ number: 0, start: 0, lastHeight: null, adopted: null },
      protocolVersion: OLDEST_PROTOCOL,
    });
  for (const member of genesis.members)
    state = state
      .with("account", accountOf(member, member.recoveryHash))
      .with("node", nodeOf(genesis, member))
      .with("contribution", contributionOf(member));
  for (const funded of genesis.accounts)
    state = state.with("account", accountOf(funded, funded.recoveryHash));
  return { state, header: firstHeader(state) };
}

const nothing = 0n as Points;

const totalOf = ({ members, accounts }: Genesis): Points =>
  [...members, ...accounts].reduce((sum, { points }) => sum + points, 0n) as Points;

/** Whether this build can run what it founds. @throws GenesisError */
export function checkGenesis(genesis: Genesis): void {
  if (genesis.reputationTable !== reputationTableDigest)
    throw new GenesisError(
      "GENESIS_TABLE",
      `this genesis wants the reputation table ${genesis.reputationTable}; this build has ${reputationTableDigest}: run the build that the network runs`,
    );
  const seats = genesis.members.filter((member) => member.vote !== null).length;
  if (seats < 4)
    throw new GenesisError("GENESIS_SEATS", `${seats} members have a vote; at least 4 must`);
  const keys = [
    ...[...genesis.members, ...genesis.accounts].map(({ publicKey }) => publicKey),
    ...genesis.members.flatMap(({ vote }) => (vote === null ? [] : [vote.voteKey])),
  ];
  const twice = keys.find((key, i) => keys.indexOf(key) !== i);
  if (twice !== undefined)
    throw new GenesisError("GENESIS_DUPLICATE", `the key ${twice} stands in the genesis twice`);
  const flaw = policyFlaw(genesis.policy);
  if (flaw !== null) throw new GenesisError("GENESIS_POLICY", `the policy is unsound: ${flaw}`);
  if (totalOf(genesis) >= 2n ** 63n)
    throw new GenesisError("GENESIS_POINTS", "the points of this genesis exceed 2^63 − 1");
}

function accountOf(
  { publicKey, points }: { publicKey: PublicKey; points: Points },
  recoveryHash: Digest | null,
): Account {
  return {
    nodeId: nodeIdOf(publicKey),
    publicKey,
    recoveryHash,
    points,
    bonded: nothing,
    vesting: nothing,
    vouchedBy: null,
    operator: nodeIdOf(publicKey),
    openOrders: 0,
    barred: null,
  };
}

/** What a sandbox has unless its operator says otherwise: the first renewal says more. */
const FOUNDER_MEMORY_MIB = 1_024;

/** In good standing, with a lease from the first moment on. */
function nodeOf({ policy }: Genesis, member: GenesisMember): NodeState {
  const nodeId: NodeId = nodeIdOf(member.publicKey);
  return {
    nodeId,
    operator: nodeId,
    transportKey: member.transportKey,
    keyVersion: member.keyVersion,
    lease: {
      sealKey: member.sealKey,
      region: member.region,
      runtimes: member.runtimes,
      capacity: member.capacity,
      serves: [],
      ...{ memoryMiB: FOUNDER_MEMORY_MIB, cpus: Math.max(1, member.capacity), nearness: null },
      renewedAt: null,
      until: policy.leaseMs,
      vote: member.vote && { ...member.vote, from: 0 },
    },
    assigned: 0,
    availability: ONE,
    successes: member.standing * ONE,
    failures: 0,
    reputationEpoch: 0,
    clean: member.standing,
    suspensions: 0,
    suspendedUntil: 0,
    unusedUntil: null,
    eligibleSince: 0,
  };
}

/** As if each clean verdict had left the least that work leaves: a point. */
const contributionOf = ({ publicKey, standing }: GenesisMember): Contribution => ({
  ...{ nodeId: nodeIdOf(publicKey), since: 0, epoch: 0, candidate: null, nextCandidate: null },
  settled: BigInt(standing * ONE),
  fresh: 0n,
});

/** Of a network that begins with this state: nobody proposed it, and nobody voted on it. */
export function firstHeader(state: State): Header {
  const { committee } = state;
  const { chainId, height, time, activeTime } = state.head;
  return {
    version: 1,
    chainId,
    epoch: committee.epoch,
    height,
    view: 0,
    parent: "0".repeat(64) as BlockHash,
    time,
    activeTime,
    // Nobody proposed it; the first seat stands in the field.
    proposer: (committee.seats[0] as Committee["seats"][number]).node,
    beaconProof: null,
    transactionRoot: transactionRootOf([]),
    stateRoot: state.root(),
    committeeHash: committeeHash(committee),
    nextCommitteeHash: null,
    lastCommitHash: lastCommitHashOf(null),
  };
}
