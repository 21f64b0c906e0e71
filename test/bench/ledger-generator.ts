import { generateKeyPair, nodeIdOf, vrfProve } from "@meshwork/crypto";
import type { Digest, Key25519, Points, VrfProof } from "@meshwork/foundation";
import { beaconInput, believingChecks, buildBlock, type Checks } from "@meshwork/ledger";
import { type TestMember, TestNetwork, type TestNetworkOptions } from "@meshwork/ledger/testing";
import {
  type Block,
  type FinalizedBlock,
  type Genesis,
  signTransaction,
  type Transaction,
} from "@meshwork/protocol";

/** For those that nobody sees: every proof says the same. */
const blind: Checks = { ...believingChecks, verifyBeacon: () => new Uint8Array(64) };
const UNSEEN = "00".repeat(80) as VrfProof;

const viewOf = (candidates: readonly Transaction[]): number => (candidates.length === 0 ? 1 : 0);

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
    const { header, state } = network;
    const leader = network.leaderAt(header.height + 1, viewOf(candidates));
    const proof = vrfProve(leader.vrfSeed, beaconInput(state.head));
    const block = this.#build(leader, { candidates, proof, checks: believingChecks });
    network.lastCommit = network.certify(block.header);
    return { block, certificate: network.lastCommit };
  }

  /**
   * Goes on to this height. Only the last block is for others to see: those before are run by all the rules,
   * but their proposers' proofs and their certificates, which are 98 % of the work, are not made.
   */
  goTo(height: number): void {
    const { network } = this;
    while (network.header.height < height - 1) {
      const leader = network.leaderAt(network.header.height + 1, viewOf([]));
      this.#build(leader, { candidates: [], proof: UNSEEN, checks: blind });
    }
    if (network.header.height < height) this.next();
  }

  #build(
    leader: TestMember,
    {
      candidates,
      proof,
      checks,
    }: { candidates: readonly Transaction[]; proof: VrfProof; checks: Checks },
  ): Block {
    const { network } = this;
    const { state, header: parent, lastCommit } = network;
    const built = buildBlock(
      { state, parent, checks },
      {
        proposer: leader.nodeId,
        view: viewOf(candidates),
        time: parent.time + 10,
        beaconProof: proof,
        candidates,
        lastCommit,
      },
    );
    if (!built.ok || built.dropped.length > 0)
      throw new Error(`the block at height ${parent.height + 1} was not built as it should be`);
    network.state = built.state;
    network.header = built.block.header;
    return built.block;
  }
}
