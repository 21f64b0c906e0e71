import type { Evidence, Rules } from "@meshwork/consensus";
import type { NodeId } from "@meshwork/foundation";
import type { Block, Certificate, ConsensusMessage, Header } from "@meshwork/protocol";
import { adversaries } from "../adversaries/index.ts";
import { Agenda } from "./agenda.ts";
import { Client } from "./client.ts";
import { type TrustRules, trustRulesBy } from "./hand-over.ts";
import { KeyRing } from "./key-ring.ts";
import { LightClient } from "./light-client.ts";
import { faithful, type Mutant, rulesOf } from "./mutants.ts";
import { Network } from "./network.ts";
import { SimulatedNode } from "./node.ts";
import type { Scenario } from "./scenario.ts";
import { mostChanges, nameOf } from "./seats.ts";
import { SeededRandom } from "./seeded-random.ts";
import { SignatureTable } from "./signatures.ts";
import type { Snapshot } from "./snapshot.ts";
import {
  GENESIS,
  type Head,
  memoizedApply,
  memoizedHashOf,
  type ToyLedgerParts,
} from "./toy-ledger.ts";
import { genesisState, type ToyRules, type ToyState } from "./toy-state.ts";
import type { Trace } from "./trace.ts";
import type { Watcher } from "./watcher.ts";

/** Where virtual time begins; any date will do. */
const START = 1_000_000_000;

export interface WorldParts {
  readonly scenario: Scenario;
  readonly trace: Trace;
  readonly mutant?: Mutant;
}

/** Nodes, network, clients and faults of one run, in virtual time. */
export class World {
  readonly startTime = START;
  readonly scenario: Scenario;
  readonly mutant: Mutant;
  readonly rules: Rules;
  readonly random: SeededRandom;
  readonly agenda = new Agenda(START);
  readonly network: Network;
  readonly signatures: SignatureTable;
  readonly ledgerParts: Omit<ToyLedgerParts, "self">;
  readonly nodes: readonly SimulatedNode[];
  readonly clients: readonly Client[];
  readonly lightClients: readonly LightClient[];
  readonly genesis: ToyState;
  readonly keys: KeyRing;
  readonly trust: TrustRules;
  readonly watchers: Watcher[] = [];
  crashes = 0;
  commits = 0;
  highest = 0;
  epochs = 0;
  joins = 0;
  /** Snapshots that were not believed. */
  refusals = 0;
  lostDisks = 0;
  /** Liars lie until they are silenced. */
  isLying = true;
  readonly #bodies = new Map<NodeId, SimulatedNode[]>();
  readonly #trace: Trace;

  constructor({ scenario, trace, mutant = faithful }: WorldParts) {
    this.scenario = scenario;
    this.mutant = mutant;
    this.rules = rulesOf(mutant);
    this.#trace = trace;
    this.random = new SeededRandom(scenario.seed ^ 0x5f37_59df);
    this.signatures = new SignatureTable(this.rules.quorumOf);
    this.genesis = genesisState(scenario);
    this.keys = new KeyRing(this.genesis.voteKeys.keys());
    this.trust = { ...trustRulesBy(this.signatures.certificate), ...mutant.trust };
    this.ledgerParts = this.#ledgerParts();
    this.network = new Network(this, scenario.network);
    const everyone = Array.from({ length: scenario.seats + scenario.spares }, (_, i) => nameOf(i));
    this.nodes = everyone.flatMap((name, i) => this.#bodiesFor(name, i));
    this.clients = Array.from({ length: scenario.clients }, (_, i) => new Client(this, i));
    this.lightClients = Array.from(
      { length: scenario.lightClients },
      (_, i) => new LightClient(this, i),
    );
  }

  get genesisHead(): Head {
    const { genesis: state, startTime: time } = this;
    return { height: 0, hash: GENESIS, certificate: null, state, time };
  }

  get honest(): SimulatedNode[] {
    return this.nodes.filter((node) => node.isHonest);
  }

  /** Milliseconds since the run began. */
  get elapsed(): number {
    return this.agenda.now - START;
  }

  bodiesOf(name: NodeId): readonly SimulatedNode[] {
    return this.#bodies.get(name) ?? [];
  }

  start(): void {
    for (const node of this.#founders) node.start();
    for (const client of [...this.clients, ...this.lightClients]) client.start();
    for (const node of this.nodes.slice(this.#founders.length)) this.#startLater(node);
    const { chaosPauseMs } = this.scenario;
    if (chaosPauseMs !== null) this.#chaosAfter(this.random.int(1_000), chaosPauseMs);
  }

  /** From now on messages arrive, machines stay up, and clients begin nothing new. */
  heal(): void {
    this.happened("", "heals");
    this.network.heal();
    for (const node of this.nodes) if (!node.isUp) node.start();
    for (const client of this.clients) client.finish();
  }

  /** Takes the liars off the network: their seats fall silent. */
  silenceLiars(): void {
    this.happened("", "liars fall silent");
    this.isLying = false;
  }

  // What the parts of the world report; the watchers look at each of it.

  happened(who: string, what: string, message: ConsensusMessage | null = null): void {
    this.#trace.add({ time: this.elapsed, who, what, message });
  }

  released(node: SimulatedNode, message: ConsensusMessage): void {
    if (node.isHonest) for (const watcher of this.watchers) watcher.released?.(node, message);
  }

  learned(node: SimulatedNode, certificate: Certificate): void {
    if (node.isHonest) for (const watcher of this.watchers) watcher.learned?.(node, certificate);
  }

  joined(node: SimulatedNode, snapshot: Snapshot): void {
    this.happened(node.name, `goes on from a snapshot of ${snapshot.header.height}`);
    if (!node.isHonest) return;
    this.joins++;
    for (const watcher of this.watchers) watcher.joined?.(node, snapshot);
  }

  refused(node: SimulatedNode): void {
    this.happened(node.name, "refuses a snapshot");
    this.refusals++;
  }

  lost(node: SimulatedNode): void {
    this.happened(node.name, "loses its disk");
    this.lostDisks++;
    for (const watcher of this.watchers) watcher.lost?.(node);
  }

  followed(client: LightClient, header: Header): void {
    this.happened(client.name, `follows to ${header.height}`);
    for (const watcher of this.watchers) watcher.followed?.(client, header);
  }

  settled(): void {
    for (const watcher of this.watchers) watcher.settled?.();
  }

  committed(node: SimulatedNode, block: Block, certificate: Certificate): void {
    this.happened(node.name, "commits", { kind: "finalized", block, certificate });
    if (!node.isHonest) return;
    this.commits++;
    this.highest = Math.max(this.highest, block.header.height);
    this.epochs = Math.max(this.epochs, block.header.epoch);
    for (const watcher of this.watchers) watcher.committed?.(node, block, certificate);
  }

  accused(node: SimulatedNode, evidence: Evidence): void {
    if (node.isHonest) for (const watcher of this.watchers) watcher.accused?.(node, evidence);
  }

  forked(node: SimulatedNode): void {
    this.happened(node.name, "sees a fork");
    if (node.isHonest) for (const watcher of this.watchers) watcher.forked?.(node);
  }

  /** Splits, joins, crashes and power failures until the network heals. */
  #chaosAfter(delayMs: number, pauseMs: number): void {
    const { random } = this;
    this.agenda.after(delayMs, () => {
      const left = this.scenario.healAtMs - this.elapsed;
      if (left <= 0) return;
      const choice = random.next();
      if (choice < 0.35) this.network.split(random.between(2, 3));
      else if (choice < 0.6) this.network.join();
      else {
        const isPowerFailure = choice > 0.97;
        for (const node of isPowerFailure ? this.nodes : [random.pick(this.nodes)])
          this.#crash(node, Math.min(left, random.between(50, 3_000)));
      }
      this.#chaosAfter(random.between(100, pauseMs), pauseMs);
    });
  }

  #crash(node: SimulatedNode, downMs: number): void {
    if (!node.isUp) return;
    this.crashes++;
    this.happened(node.name, "crashes");
    if (this.random.chance(this.scenario.diskLossShare) && this.#mayLoseDisk(node)) node.loseDisk();
    else node.crash();
    this.agenda.after(downMs, () => {
      if (node.isUp) return;
      this.happened(node.name, "restarts");
      node.start();
    });
  }

  /** Who stands in the genesis with a key; the rest come later, with empty disks. */
  get #founders(): readonly SimulatedNode[] {
    return this.nodes.filter(({ name }) => this.genesis.voteKeys.has(name));
  }

  #startLater(node: SimulatedNode): void {
    node.disk.replace();
    this.agenda.after(this.random.int(this.scenario.healAtMs), () => {
      if (!node.isUp) node.start();
    });
  }

  /** A seat without its key is as good as silent: with the liars they must not be too many. */
  #mayLoseDisk(node: SimulatedNode): boolean {
    if (!node.isHonest || node.disk.height === null) return false;
    const [first, ...rest] = this.honest.map(({ ledger }) => ledger.head);
    if (first === undefined) return false;
    const { state } = rest.reduce((best, head) => (head.height > best.height ? head : best), first);
    const keyless = this.honest.filter(({ name }) => this.keys.isKeyless(name, state));
    const others = keyless.filter((each) => each !== node).length;
    return this.scenario.adversaries.size + others < mostChanges(this.scenario.seats);
  }

  #ledgerParts(): Omit<ToyLedgerParts, "self"> {
    const { scenario, mutant, signatures } = this;
    const { epochMs, windowBlocks, paceMs, heartbeatMs } = scenario;
    const rules: ToyRules = {
      epochMs,
      windowBlocks,
      mostChanges,
      isProven: signatures.evidence,
      ...mutant.epochs,
    };
    return {
      rules,
      verify: signatures.certificate,
      heartbeatMs,
      paceMs,
      hashOf: memoizedHashOf(),
      apply: memoizedApply(rules),
    };
  }

  #bodiesFor(name: NodeId, index: number): SimulatedNode[] {
    const kind = this.scenario.adversaries.get(index);
    const adversary = kind === undefined ? null : adversaries[kind];
    const bodies = Array.from({ length: adversary?.bodies ?? 1 }, () => {
      const node = new SimulatedNode(this, name, adversary === null);
      if (adversary !== null) node.tactics = adversary.tactics(node);
      return node;
    });
    this.#bodies.set(name, bodies);
    return bodies;
  }
}
