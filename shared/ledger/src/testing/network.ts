import {
  type KeyPair,
  keyPairFromSecret,
  nodeIdOf,
  sm3,
  vrfKeyPair,
  vrfProve,
} from "@meshwork/crypto";
import {
  assert,
  type Digest,
  type Key25519,
  type NodeId,
  type OrderId,
  type Points,
  toHex,
  utf8,
} from "@meshwork/foundation";
import {
  type Block,
  type Certificate,
  type FinalizedBlock,
  type Genesis,
  type Header,
  headerHash,
  type NetworkPolicy,
  quorumOf,
  type Receipt,
  signBallot,
  signTransaction,
  type Transaction,
  type TransactionBody,
  transactionIdOf,
} from "@meshwork/protocol";
import { nextMoment } from "../active-time.ts";
import { type AppliedBlock, applyBlock, buildBlock } from "../apply-block.ts";
import { checkTransaction } from "../apply-transaction.ts";
import { beaconInput } from "../beacon.ts";
import { assertConserved } from "../conservation.ts";
import { applyGenesis } from "../genesis.ts";
import type { RefusalCode } from "../refusal.ts";
import { reputationTableDigest } from "../reputation-quantile.ts";
import type { State } from "../state.ts";
import { realChecks } from "../transactions/rule.ts";
import type { Why } from "../why.ts";

/** Bytes that a name decides: the same keys in every run. */
export const seeded = (name: string): Uint8Array => sm3(utf8(name));
export const seededDigest = (name: string): Digest => toHex(seeded(name)) as Digest;

export interface TestMember {
  name: string;
  nodeId: NodeId;
  keyPair: KeyPair;
  voteKeyPair: KeyPair;
  vrfSeed: Uint8Array;
}

/** Making keys takes longer than most tests. */
const members = new Map<string, TestMember>();

export function testMember(name: string): TestMember {
  const known = members.get(name) ?? makeMember(name);
  members.set(name, known);
  return known;
}

const makeMember = (name: string): TestMember => {
  const keyPair = keyPairFromSecret(seeded(`${name}/identity`));
  return {
    name,
    keyPair,
    nodeId: nodeIdOf(keyPair.publicKey),
    voteKeyPair: keyPairFromSecret(seeded(`${name}/vote`)),
    vrfSeed: seeded(`${name}/vrf`),
  };
};

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
  submitPrice: 5n as Points,
  pricePerGigafuel: 1_000n as Points,
  burnShare: 3_277,
  verifierShare: 16_384,
  auditFloor: 3_277,
  vestingVerdicts: 4,
  suspensionMs: 600_000,
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

/**
 * A whole network in one value: it holds every key, makes blocks in turn, checks each of them as a
 * stranger would, and asserts after each that no point was made or lost.
 */
export class TestNetwork {
  readonly members: TestMember[];
  readonly requester: TestMember;
  readonly genesis: Genesis;
  readonly blocks: FinalizedBlock[] = [];
  readonly whys: Why[] = [];
  state: State;
  header: Header;
  lastCommit: Certificate | null = null;
  #pool: Transaction[] = [];
  #nonce = 0n;

  constructor(options: TestNetworkOptions = {}) {
    const { members = 8 } = options;
    this.members = Array.from({ length: members }, (_, i) => testMember(`member-${i}`));
    this.requester = testMember("requester");
    this.genesis = genesisOf(this.members, this.requester, options);
    ({ state: this.state, header: this.header } = applyGenesis(this.genesis));
  }

  /** Transactions that wait for the next block. */
  get pending(): number {
    return this.#pool.length;
  }

  get chainId() {
    return this.header.chainId;
  }

  memberOf(id: NodeId): TestMember {
    const found = [...this.members, this.requester].find((member) => member.nodeId === id);
    assert(found !== undefined, `${id} is no member of this test network`);
    return found;
  }

  sign(sender: TestMember, body: TransactionBody): Transaction {
    return signTransaction(sender.keyPair, {
      chainId: this.chainId,
      sender: sender.nodeId,
      nonce: this.#nonce++,
      notAfter: this.header.time + 600_000,
      body,
    });
  }

  /** Puts a transaction into the next block. */
  send(sender: TestMember, body: TransactionBody): Transaction {
    const transaction = this.sign(sender, body);
    this.#pool.push(transaction);
    return transaction;
  }

  leaderAt(height: number, view = 0): TestMember {
    const { seats, leaders } = this.state.committee;
    const seat = leaders[(height + view) % leaders.length] ?? 0;
    return this.memberOf(seats[seat]?.node as NodeId);
  }

  /** Builds the next block without taking it for final. */
  propose({ view = 0, elapsedMs = 10 }: { view?: number; elapsedMs?: number } = {}) {
    const leader = this.leaderAt(this.header.height + 1, view);
    return buildBlock(
      { state: this.state, parent: this.header },
      {
        proposer: leader.nodeId,
        view,
        time: this.header.time + elapsedMs,
        beaconProof: vrfProve(leader.vrfSeed, beaconInput(this.state.head)),
        candidates: this.#pool,
        lastCommit: this.lastCommit,
      },
    );
  }

  /** Why the next block could not hold this; undefined if it could. */
  refusalOf(transaction: Transaction): RefusalCode | undefined {
    const at = nextMoment(this.state.head, this.header.time + 10);
    return checkTransaction(transaction, { state: this.state, at, checks: realChecks })?.code;
  }

  refused(sender: TestMember, body: TransactionBody): RefusalCode | undefined {
    return this.refusalOf(this.sign(sender, body));
  }

  check(block: Block) {
    const leader = this.leaderAt(block.header.height, block.header.view).nodeId;
    return applyBlock({ state: this.state, parent: this.header, leader }, block);
  }

  /** Makes the next block and finalizes it. Throws if a pending transaction is refused. */
  step(options: { view?: number; elapsedMs?: number } = {}): AppliedBlock {
    const built = this.propose(options);
    assert(built.ok, `not built: ${built.ok ? "" : JSON.stringify(built.refusal)}`);
    assert(
      built.dropped.length === 0,
      `refused: ${built.dropped.map(({ refusal }) => `${refusal.code} ${refusal.reason}`).join("; ")}`,
    );
    const checked = this.check(built.block);
    assert(checked.ok, `not valid: ${checked.ok ? "" : JSON.stringify(checked.refusal)}`);
    assertConserved(checked.state);
    this.#finalize(checked);
    return checked;
  }

  #finalize(applied: AppliedBlock): void {
    this.#pool = [];
    const { header } = applied.block;
    this.state = applied.state;
    this.header = header;
    this.lastCommit = this.certify(header);
    this.blocks.push({ block: applied.block, certificate: this.lastCommit });
    this.whys.push(...applied.whys);
  }

  /** What the requester of a finished task takes home, under the newest header. */
  receiptOf(orderId: OrderId): Receipt {
    const sent = this.blocks.flatMap(({ block }) => block.transactions);
    const order = sent.find(({ unsigned }) => transactionIdOf(unsigned) === (orderId as string));
    const proofs = sent.flatMap(({ unsigned: { body } }) =>
      body.kind === "prove" && body.proof.verdict.orderId === orderId ? [body.proof] : [],
    );
    const task = this.state.task(orderId);
    const certificate = this.lastCommit;
    assert(order && task && certificate, `task ${orderId} was never ordered`);
    const path = this.state.prove("task", orderId);
    const proof = proofs[0] ?? null;
    return { version: 1, order, task, proof, path, header: this.header, certificate };
  }

  certify(header: Header): Certificate {
    const { seats } = this.state.committee;
    const { epoch, height, view } = header;
    const ballot = { kind: "F" as const, epoch, height, view, blockHash: headerHash(header) };
    const quorum = seats.slice(0, quorumOf(seats.length));
    const votes = quorum.map(({ node }, seat) =>
      signBallot(this.memberOf(node).voteKeyPair, this.chainId, seat, ballot),
    );
    return {
      ballot,
      seats: votes.map(({ seat }) => seat),
      signatures: votes.map(({ signature }) => signature),
    };
  }
}

function genesisOf(
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
      recoveryHash: seededDigest(`${member.name}/recovery`),
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
    accounts: [{ publicKey: requester.keyPair.publicKey, points: 1_000_000n as Points }],
    reputationTable: reputationTableDigest,
  };
}
