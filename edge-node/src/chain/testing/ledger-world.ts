import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "@meshwork/consensus";
import { deriveSeed, ed25519KeyPair, generateKeyPair, nodeIdOf, secretOf } from "@meshwork/crypto";
import {
  type Clock,
  type Digest,
  type Key25519,
  type Points,
  systemClock,
  systemRandom,
  toHex,
} from "@meshwork/foundation";
import { type TestMember, TestNetwork, type TestNetworkOptions } from "@meshwork/ledger/testing";
import { type Log, silentLog } from "@meshwork/observability";
import {
  chainIdOf,
  type Genesis,
  signTransaction,
  type Transaction,
  type TransactionBody,
} from "@meshwork/protocol";
import { handIn } from "../../hand-in.ts";
import { keepLease } from "../../membership/keep-lease.ts";
import { reportFaults } from "../../membership/report-faults.ts";
import type { Channels } from "../channel.ts";
import { type LedgerNode, startLedgerNode } from "../ledger-node.ts";
import { createVoteFolder } from "../voting/vote-folder.ts";
import { MemoryNetwork } from "./memory-network.ts";

export interface LedgerWorldOptions extends TestNetworkOptions {
  clock?: Clock;
  log?: Log;
  settings?: Settings;
  /** How nodes reach each other. @default channels in memory */
  channelsOf?: (member: TestMember) => Promise<Channels>;
  /** All members keep vote keys and renew their leases, so that each can be elected. @default only who has a seat votes */
  everybodyStands?: boolean;
}

const anybodyJoins = { admission: "open", registerPrice: 0n as Points } as const;

/** A network whose nodes run in this process, each with a folder of its own; `members` come before the rest. */
export class LedgerWorld {
  readonly network = new MemoryNetwork();
  readonly nodes = new Map<string, LedgerNode>();
  readonly fatal: unknown[] = [];
  readonly members: readonly TestMember[];
  readonly folder: string;
  /** Of the network that its nodes are started on. */
  genesis: Genesis;
  readonly #options: LedgerWorldOptions;
  readonly #memberships = new Map<string, AbortController>();

  private constructor(
    folder: string,
    network: TestNetwork,
    genesis: Genesis,
    options: LedgerWorldOptions,
  ) {
    this.folder = folder;
    this.genesis = genesis;
    this.#options = options;
    this.members = network.members;
  }

  static async create(options: LedgerWorldOptions = {}): Promise<LedgerWorld> {
    const folder = await mkdtemp(join(tmpdir(), "meshwork-ledger-"));
    const network = new TestNetwork({
      members: 5,
      ...options,
      policy: { ...options.policy, ...anybodyJoins },
    });
    const members = await Promise.all(
      network.genesis.members.map(async (member, i) => {
        const { name, keyPair } = network.members[i] as TestMember;
        const seed = deriveSeed(secretOf(keyPair), "transport", member.keyVersion);
        return {
          ...member,
          transportKey: ed25519KeyPair(seed).publicKey,
          vote: member.vote && (await createVoteFolder(join(folder, name, "vote"))),
        };
      }),
    );
    const time = (options.clock ?? systemClock).now() - 1_000;
    return new LedgerWorld(folder, network, { ...network.genesis, time, members }, options);
  }

  get validators(): readonly TestMember[] {
    return this.members.filter((_, i) => this.genesis.members[i]?.vote !== null);
  }

  async start(member: TestMember): Promise<LedgerNode> {
    const {
      clock = systemClock,
      log = silentLog,
      settings,
      channelsOf,
      everybodyStands,
    } = this.#options;
    const channels = (await channelsOf?.(member)) ?? this.network.channels(member.nodeId);
    const node = await startLedgerNode(
      {
        ...{ me: member.nodeId, channels, clock, log },
        onFatal: (error) => this.fatal.push(error),
      },
      {
        folder: join(this.folder, member.name),
        genesis: this.genesis,
        votes: everybodyStands === true || this.validators.includes(member),
        ...(settings && { settings }),
      },
    );
    this.nodes.set(member.name, node);
    this.#keepMembership(member, node);
    return node;
  }

  /** What a real node does beside: it reports faults, and keeps its lease. It looks ten times as often. */
  #keepMembership(member: TestMember, node: LedgerNode): void {
    const { sealKey, region, runtimes, capacity } = this.genesis.members[
      this.members.indexOf(member)
    ] as Genesis["members"][number];
    const stopping = new AbortController();
    const { signal } = stopping;
    this.#memberships.set(member.name, stopping);
    const clock: Clock = {
      ...systemClock,
      setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / 10, callback),
    };
    const transact = async (body: TransactionBody) => {
      await handIn(node.mempool, this.sign(member, body), signal);
    };
    const parts = { chain: node.chain, ledger: { transact }, clock, log: silentLog };
    const offer = {
      ...{ sealKey, region, runtimes, capacity, serves: [] },
      ...{ memoryMiB: 1_024, cpus: 1, nearness: null },
      get vote() {
        return node.voteKey;
      },
    };
    if (this.#options.everybodyStands)
      signal.addEventListener("abort", keepLease({ ...parts, me: member.nodeId }, offer, signal));
    node.onEvidence(reportFaults(parts, signal));
  }

  startAll(members: readonly TestMember[]): Promise<LedgerNode[]> {
    return Promise.all(members.map((member) => this.start(member)));
  }

  async stop(member: TestMember): Promise<void> {
    this.#memberships.get(member.name)?.abort();
    const node = this.nodes.get(member.name);
    this.nodes.delete(member.name);
    this.network.remove(member.nodeId);
    await node?.stop();
  }

  async end(): Promise<void> {
    for (const member of this.members) await this.stop(member);
    await rm(this.folder, { recursive: true, force: true });
  }

  sign(
    { keyPair, nodeId }: Pick<TestMember, "keyPair" | "nodeId">,
    body: TransactionBody,
  ): Transaction {
    const { clock = systemClock } = this.#options;
    return signTransaction(keyPair, {
      chainId: chainIdOf(this.genesis),
      sender: nodeId,
      nonce: new DataView(systemRandom.bytes(8).buffer).getBigUint64(0),
      notAfter: clock.now() + 60_000,
      body,
    });
  }

  /** A transaction of which there is always another: a newcomer registers its node. */
  registration(): Transaction {
    const keyPair = generateKeyPair();
    const nodeId = nodeIdOf(keyPair.publicKey);
    return this.sign(
      { keyPair, nodeId },
      {
        kind: "register",
        publicKey: keyPair.publicKey,
        recoveryHash: "00".repeat(32) as Digest,
        node: { transportKey: toHex(systemRandom.bytes(32)) as Key25519, keyVersion: 0 },
        admission: null,
      },
    );
  }
}
