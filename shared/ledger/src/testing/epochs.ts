import { vrfKeyPair } from "@meshwork/crypto";
import type { BlockHash } from "@meshwork/foundation";
import { type Ballot, type BodyOf, signBallot, type Transaction } from "@meshwork/protocol";
import { renewal } from "./identities.ts";
import { seededDigest, type TestMember } from "./members.ts";
import { TestNetwork } from "./network.ts";
import type { TestNetworkOptions } from "./test-genesis.ts";

/** A network whose epochs last a minute and four blocks, in which every member stands for a seat. */
export function standingNetwork(options: TestNetworkOptions = {}): TestNetwork {
  const network = new TestNetwork({
    ...options,
    policy: { epochMs: 60_000, handOverMs: 400, committeeSeats: 4, ...options.policy },
  });
  network.step({ view: 1 });
  for (const member of network.members) network.put(candidacy(network, member));
  network.step();
  return network;
}

/** A renewal with which a member stands for a seat. */
export const candidacy = (network: TestNetwork, member: TestMember): Transaction =>
  renewal(network, member, {
    vote: {
      voteKey: member.voteKeyPair.publicKey,
      vrfKey: vrfKeyPair(member.vrfSeed).publicKey,
    },
  });

const hashOf = (name: string) => seededDigest(name) as string as BlockHash;

/** Two N votes of one seat for two blocks. */
export function equivocation(
  network: TestNetwork,
  { seat, epoch = network.state.epoch.number }: { seat: number; epoch?: number },
): BodyOf<"fault"> {
  const about = { kind: "N" as const, epoch, height: 9, view: 2 };
  const [first, second] = ["one", "other"].map((name) =>
    voteOf(network, seat, { ...about, blockHash: hashOf(name) }),
  ) as [BodyOf<"fault">["first"], BodyOf<"fault">["second"]];
  return { kind: "fault", first, second };
}

/** What the holder of a seat signs. */
export function voteOf(network: TestNetwork, seat: number, ballot: Ballot) {
  const node = network.state.committeeOf(ballot.epoch)?.seats[seat]?.node;
  if (node === undefined) throw new Error(`epoch ${ballot.epoch} has no seat ${seat}`);
  return signBallot(network.memberOf(node).voteKeyPair, network.chainId, seat, ballot);
}
