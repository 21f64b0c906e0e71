import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "@meshwork/consensus";
import { deriveSeed, ed25519KeyPair, generateKeyPair, nodeIdOf, secretOf } from "@meshwork/crypto";
import { type Clock, type Digest, type Points, systemClock } from "@meshwork/foundation";
import { type TestMember, TestNetwork, type TestNetworkOptions } from "@meshwork/ledger/testing";
import { type Log, silentLog } from "@meshwork/observability";
import { chainIdOf, type Genesis, signTransaction, type Transaction } from "@meshwork/protocol";
import type { Channels } from "../channel.ts";
import { type LedgerNode, startLedgerNode } from "../ledger-node.ts";
import { createVoteFolder } from "../vote-folder.ts";
import { MemoryNetwork } from "./memory-network.ts";

export interface LedgerWorldOptions extends TestNetworkOptions {
  clock?: Clock;
  log?: Log;
  settings?: Settings;
  /** How nodes reach each other. @default channels in memory */
  channelsOf?: (member: TestMember) => Promise<Channels>;
}

const anybodyJoins = { admission: "open", registerPrice: 0n as Points } as const;

/** A network whose nodes run in this process, each with a folder of its own; `members` come before the rest. */
export class LedgerWorld {
  readonly network = new MemoryNetwork();
  readonly nodes = new Map<string, LedgerNode>();
  readonly fatal: unknown[] = [];
  readonly members: readonly TestMember[];
  readonly folder: string;
  readonly genesis: Genesis;
  readonly #options: LedgerWorldOptions;

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
    const network = new TestNetwork({ members: 5, ...options, policy: anybodyJoins });
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
    const { clock = systemClock, log = silentLog, settings, channelsOf } = this.#options;
    const channels = (await channelsOf?.(member)) ?? this.network.channels(member.nodeId);
    const node = await startLedgerNode(
      { me: member.nodeId, channels, clock, log, onFatal: (error) => this.fatal.push(error) },
      {
        folder: join(this.folder, member.name),
        genesis: this.genesis,
        votes: this.validators.includes(member),
        ...(settings && { settings }),
      },
    );
    this.nodes.set(member.name, node);
    return node;
  }

  startAll(members: readonly TestMember[]): Promise<LedgerNode[]> {
    return Promise.all(members.map((member) => this.start(member)));
  }

  async stop(member: TestMember): Promise<void> {
    const node = this.nodes.get(member.name);
    this.nodes.delete(member.name);
    this.network.remove(member.nodeId);
    await node?.stop();
  }

  async end(): Promise<void> {
    for (const member of this.members) await this.stop(member);
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A transaction of which there is always another: a newcomer opens an account. */
  registration(): Transaction {
    const { clock = systemClock } = this.#options;
    const keyPair = generateKeyPair();
    return signTransaction(keyPair, {
      chainId: chainIdOf(this.genesis),
      sender: nodeIdOf(keyPair.publicKey),
      nonce: 0n,
      notAfter: clock.now() + 60_000,
      body: {
        kind: "register",
        publicKey: keyPair.publicKey,
        recoveryHash: "00".repeat(32) as Digest,
        node: null,
        admission: null,
      },
    });
  }
}
