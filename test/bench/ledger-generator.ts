import { generateKeyPair, nodeIdOf, vrfOutput, vrfProve } from "@meshwork/crypto";
import type { Digest, Key25519, Points } from "@meshwork/foundation";
import { beaconInput, buildBlock, type Checks } from "@meshwork/ledger";
import { TestNetwork, type TestNetworkOptions } from "@meshwork/ledger/testing";
import {
  type FinalizedBlock,
  type Genesis,
  signTransaction,
  type Transaction,
} from "@meshwork/protocol";

/** For blocks of one's own making. */
export const trusting: Checks = {
  verifyTransaction: () => true,
  verifyAttestation: () => true,
  verifyCertificate: () => true,
  verifyVoucher: () => true,
  verifyAdmission: () => true,
  verifyVote: () => true,
  verifyConsent: () => true,
  verifyMandate: () => true,
  verifyBeacon: (_key, _alpha, proof) => vrfOutput(proof),
};

/** A newcomer opens an account: of that there is always another. */
export function registrationIn({ chainId, header }: TestNetwork): Transaction {
  const keyPair = generateKeyPair();
  return signTransaction(keyPair, {
    chainId,
    sender: nodeIdOf(keyPair.publicKey),
    nonce: 0n,
    notAfter: header.time + 600_000,
    body: {
      kind: "register",
      publicKey: keyPair.publicKey,
      recoveryHash: "00".repeat(32) as Digest,
      node: { transportKey: "00".repeat(32) as Key25519, keyVersion: 0 },
      admission: null,
    },
  });
}

/** Makes long chains: it holds the committee's keys, signs with them, and checks nothing of its own. */
export class ChainGenerator {
  readonly network: TestNetwork;

  constructor(options: TestNetworkOptions = {}) {
    const policy = { admission: "open", registerPrice: 0n as Points, ...options.policy } as const;
    this.network = new TestNetwork({ members: 4, ...options, policy });
  }

  get genesis(): Genesis {
    return this.network.genesis;
  }

  /** The next block, final; without transactions it is one whose view 0 failed. */
  next(candidates: readonly Transaction[] = []): FinalizedBlock {
    const { network } = this;
    const { state, header: parent, lastCommit } = network;
    const view = candidates.length === 0 ? 1 : 0;
    const leader = network.leaderAt(parent.height + 1, view);
    const built = buildBlock(
      { state, parent, checks: trusting },
      {
        proposer: leader.nodeId,
        view,
        time: parent.time + 10,
        beaconProof: vrfProve(leader.vrfSeed, beaconInput(state.head)),
        candidates,
        lastCommit,
      },
    );
    if (!built.ok || built.dropped.length > 0)
      throw new Error(`the block at height ${parent.height + 1} was not built as it should be`);
    network.state = built.state;
    network.header = built.block.header;
    network.lastCommit = network.certify(built.block.header);
    return { block: built.block, certificate: network.lastCommit };
  }
}
