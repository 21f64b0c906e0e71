import { vrfKeyPair } from "@meshwork/crypto";
import type { Key25519, Points } from "@meshwork/foundation";
import { type Genesis, type NetworkPolicy, recoveryHashOf } from "@meshwork/protocol";
import { reputationTableDigest } from "../reputation-quantile.ts";
import { recoveryKeyOf, seededDigest, type TestMember } from "./members.ts";

export const testPolicy: NetworkPolicy = {
  admission: "vouched",
  registerPrice: 10n as Points,
  leaseMs: 3_600_000,
  heartbeatMs: 30_000,
  drawFactor: 3,
  operatorCap: 0,
  probationShare: 6_554,
  probationVerdicts: 3,
  reputationFloor: 6_554,
  bond: 100n as Points,
  bondRuns: 0,
  submitPrice: 5n as Points,
  pricePerGigafuel: 1_000n as Points,
  burnShare: 3_277,
  verifierShare: 16_384,
  auditFloor: 3_277,
  vestingVerdicts: 4,
  suspensionMs: 600_000,
  minStageMs: 500,
  minMsPerGigafuel: 100,
  unjudgedShare: 32_768,
  cancelFee: 7n as Points,
  acceptFee: 3n as Points,
  maxAttempts: 1,
  evidencePerDay: 1_000,
  taskKeptMs: 7 * 24 * 3_600_000,
  unusedMs: 3_600_000,
  epochMs: 3_600_000,
  handOverBlocks: 4,
  handOverMs: 40,
  committeeSeats: 16,
  seatAgeEpochs: 0,
  contributionKept: 65_000,
};

export interface TestNetworkOptions {
  /** @default 8 */
  members?: number;
  /** @default 4 */
  seats?: number;
  policy?: Partial<NetworkPolicy>;
  /** Clean verdicts that each member starts with. @default 20 */
  standing?: number;
}

export function genesisOf(
  members: readonly TestMember[],
  requester: TestMember,
  { seats = 4, policy = {}, standing = 20 }: TestNetworkOptions,
): Genesis {
  return {
    version: 1,
    nonce: seededDigest("nonce"),
    name: "test",
    time: 1_800_000_000_000,
    policy: { ...testPolicy, ...policy },
    members: members.map((member, i) => ({
      publicKey: member.keyPair.publicKey,
      recoveryHash: recoveryHashOf(recoveryKeyOf(member, 0).publicKey),
      transportKey: seededDigest(`${member.name}/transport`) as string as Key25519,
      keyVersion: 0,
      sealKey: seededDigest(`${member.name}/seal`) as string as Key25519,
      region: "here",
      runtimes: ["js-qjs-v1", "wasm-step-v1"],
      capacity: 4,
      points: 10_000n as Points,
      standing,
      vote:
        i < seats
          ? {
              voteKey: member.voteKeyPair.publicKey,
              vrfKey: vrfKeyPair(member.vrfSeed).publicKey,
            }
          : null,
    })),
    accounts: [
      {
        publicKey: requester.keyPair.publicKey,
        points: 1_000_000n as Points,
        recoveryHash: null,
      },
    ],
    reputationTable: reputationTableDigest,
    successors: [],
  };
}
