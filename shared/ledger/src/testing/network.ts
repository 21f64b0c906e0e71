import { type KeyPair, vrfProve, vrfVerify } from "@meshwork/crypto";
import { assert, type NodeId, type OrderId, toHex } from "@meshwork/foundation";
import {
  type Block,
  type Certificate,
  type FinalizedBlock,
  type Genesis,
  type HandOver,
  type Header,
  headerHash,
  quorumOf,
  type Receipt,
  type StateClaim,
  shownOrder,
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
import { nextOwedTime } from "../demand.ts";
import { applyGenesis } from "../genesis.ts";
import { definitions, type RecordKind } from "../records.ts";
import type { RefusalCode } from "../refusal.ts";
import type { State } from "../state.ts";
import { type Checks, realChecks } from "../transactions/rule.ts";
import type { Why } from "../why.ts";
import { identityKeyOf, type TestMember, testMember } from "./members.ts";
import { genesisOf, type TestNetworkOptions } from "./test-genesis.ts";

/** Checks everything for real, but nothing twice: most of a test's time is signatures. */
function rememberingChecks(): Checks {
  const transactions = new WeakSet<Transaction>();
  const beacons = new Map<string, Uint8Array | null>();
  return {
    ...realChecks,
    verifyTransaction(key, transaction) {
      const holds = transactions.has(transaction) || realChecks.verifyTransaction(key, transaction);
      if (holds) transactions.add(transaction);
      return holds;
    },
    verifyBeacon(key, alpha, proof) {
      const name = `${key} ${toHex(alpha)} ${proof}`;
      const output = beacons.get(name) ?? vrfVerify(key, alpha, proof);
      beacons.set(name, output);
      return output;
    },
  };
}

/**
 * A whole network in one value: it holds every key, makes blocks in turn, checks each of them as a
 * stranger would, and asserts after each that no point was made or lost.
 */
export class TestNetwork {
  readonly members: TestMember[];
  readonly requester: TestMember;
  /** Who joined later. */
  readonly guests: TestMember[] = [];
  readonly genesis: Genesis;
  readonly blocks: FinalizedBlock[] = [];
  /** From the genesis's committee to the one that sits. */
  readonly handOvers: HandOver[] = [];
  readonly whys: Why[] = [];
  state: State;
  header: Header;
  lastCommit: Certificate | null = null;
  readonly #checks = rememberingChecks();
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
    const found = [...this.members, this.requester, ...this.guests].find(
      (member) => member.nodeId === id,
    );
    assert(found !== undefined, `${id} is no member of this test network`);
    return found;
  }

  sign(
    sender: TestMember,
    body: TransactionBody,
    {
      by = this.keyPairOf(sender),
      nonce = this.nextNonce(),
    }: { by?: KeyPair; nonce?: bigint } = {},
  ): Transaction {
    const notAfter = this.header.time + 600_000;
    const { chainId } = this;
    return signTransaction(by, { chainId, sender: sender.nodeId, nonce, notAfter, body });
  }

  nextNonce(): bigint {
    return this.#nonce++;
  }

  /** How often a member's key was replaced so far. */
  rotationsOf(member: TestMember): number {
    const current = this.state.account(member.nodeId)?.publicKey ?? member.keyPair.publicKey;
    for (let count = 0; ; count++)
      if (identityKeyOf(member, count).publicKey === current) return count;
  }

  /** The key that speaks for a member now. */
  keyPairOf(member: TestMember): KeyPair {
    return identityKeyOf(member, this.rotationsOf(member));
  }

  /** Puts a signed transaction into the next block. */
  put(transaction: Transaction): void {
    this.#pool.push(transaction);
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
      { state: this.state, parent: this.header, checks: this.#checks },
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
    const { state, header: parent } = this;
    return applyBlock({ state, parent, leader, checks: this.#checks }, block);
  }

  /** Makes the next block and finalizes it. Throws if a pending transaction is refused, unless it may be. */
  step(options: { view?: number; elapsedMs?: number; mayRefuse?: boolean } = {}): AppliedBlock {
    const built = this.propose(options);
    assert(built.ok, `not built: ${built.ok ? "" : JSON.stringify(built.refusal)}`);
    assert(
      options.mayRefuse || built.dropped.length === 0,
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
    const certificate = this.certify(header);
    this.lastCommit = certificate;
    this.blocks.push({ block: applied.block, certificate });
    this.whys.push(...applied.whys);
    const { committee } = applied.state;
    if (committee.epoch > header.epoch) this.handOvers.push({ header, certificate, committee });
  }

  /** As another network, which was founded upon the state of this one. */
  goOn({ state, header }: Pick<TestNetwork, "state" | "header">): void {
    this.state = state;
    this.header = header;
    this.lastCommit = null;
  }

  /** Makes the blocks that the ledger owes until the next epoch has begun. */
  passEpoch(): void {
    const { number } = this.state.epoch;
    while (this.state.epoch.number === number)
      this.step({ elapsedMs: nextOwedTime(this.state) - this.header.time });
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
    const { header, handOvers: handOver } = this;
    const shown = { order: shownOrder(order), task, proof, path };
    return { version: 1, ...shown, header, certificate, handOver };
  }

  /** That a record stands in the newest state, or that none does. */
  claimOf(kind: RecordKind, id: string): StateClaim {
    const { header, handOvers: handOver, lastCommit: certificate, state } = this;
    assert(certificate, "no block is final yet");
    const record = state.get(kind, id);
    const value = record ? definitions[kind].encode(record as never) : null;
    const path = state.prove(kind, id);
    const { stateKind } = definitions[kind];
    return { version: 1, kind: stateKind, id, value, path, header, certificate, handOver };
  }

  /** @param view in which the quorum finalizes. */
  certify(header: Header, view = header.view): Certificate {
    const { epoch, height } = header;
    const seats = this.state.committeeOf(epoch)?.seats ?? [];
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
