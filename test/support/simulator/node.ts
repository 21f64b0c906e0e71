import {
  type Committee,
  checkMessage,
  type Effect,
  type Event,
  Replica,
  type Verifier,
} from "@meshwork/consensus";
import type { NodeId } from "@meshwork/foundation";
import type { Block, Certificate, ConsensusMessage, Transaction } from "@meshwork/protocol";
import { type Archive, honestArchive } from "./archive.ts";
import { Disk } from "./disk.ts";
import { Journal } from "./journal.ts";
import { mutate } from "./mutants.ts";
import { Newcomer } from "./newcomer.ts";
import { committeeOf } from "./seats.ts";
import type { Tactics } from "./tactics.ts";
import { ToyLedger } from "./toy-ledger.ts";
import { conviction } from "./toy-transaction.ts";
import type { World } from "./world.ts";

/** The driver of a replica in virtual time: its disk, its clock, its ledger, and its crashes. */
export class SimulatedNode {
  readonly name: NodeId;
  readonly isHonest: boolean;
  readonly disk = new Disk();
  readonly ledger: ToyLedger;
  readonly world: World;
  tactics: Tactics = {};
  isUp = false;
  /** How often it lost all that it held in memory. */
  generation = 0;
  #replica: Replica;
  #isCommitting = false;
  readonly #journal: Journal;
  readonly #newcomer: Newcomer;
  readonly #verifier: Verifier;
  readonly #skewMs: number;

  constructor(world: World, name: NodeId, isHonest: boolean) {
    this.world = world;
    this.name = name;
    this.isHonest = isHonest;
    this.#skewMs = world.random.between(-world.scenario.skewMs, world.scenario.skewMs);
    const genesis = { time: world.startTime, state: world.genesis };
    this.ledger = new ToyLedger({ self: name, ...world.ledgerParts }, genesis);
    this.#verifier = this.ledger.verifierBy({ verifyVote: world.signatures.vote });
    const after = (delayMs: number, act: () => void) => this.#after(delayMs, act);
    this.#journal = new Journal({
      disk: this.disk,
      syncMs: () => this.#syncMs,
      after,
      sendsBeforeSync: world.mutant.driver?.sendsBeforeSync ?? false,
    });
    this.#newcomer = new Newcomer(this, { after, begin: () => this.#begin() });
    this.#replica = this.#newReplica();
  }

  get clock(): number {
    return this.world.agenda.now + (this.tactics.clockOffset?.() ?? this.#skewMs);
  }

  get height(): number {
    return this.ledger.head.height + 1;
  }

  get view(): number {
    return this.#replica.position?.view ?? 0;
  }

  get committee(): Committee {
    return committeeOf(this.ledger.seats, this.name, this.world.keys.of(this.name));
  }

  get archive(): Archive {
    return this.tactics.archive?.() ?? honestArchive(this.disk);
  }

  /** Nothing of its own is under way, and nothing that it knows of is left to do. */
  get isAtRest(): boolean {
    return this.isUp && this.disk.height !== null && !this.#isCommitting && !this.ledger.hasWork();
  }

  start(): void {
    this.isUp = true;
    this.#replica = this.#newReplica();
    if (this.disk.height === null) this.#newcomer.join();
    else {
      this.#begin();
      if (this.world.random.chance(0.2)) this.#newcomer.ask();
    }
  }

  /** Loses everything but the disk, and of that what was not synced. */
  crash(): void {
    this.isUp = false;
    this.generation++;
    this.disk.crash(this.world.random);
    this.ledger.pool.clear();
    this.#journal.crash();
    this.#isCommitting = false;
  }

  /** Loses the disk too, and with the log the vote keys that lie beside it. */
  loseDisk(): void {
    this.crash();
    this.disk.replace();
    this.ledger.stand(this.world.genesisHead);
    if (!this.world.mutant.driver?.keepsKeysOnLoss) this.world.keys.forget(this.name);
    this.world.lost(this);
  }

  offer(message: Extract<ConsensusMessage, { kind: "transactions" }>): void {
    if (!this.isUp) return;
    const fresh = message.transactions.filter((transaction) => this.ledger.offer(transaction));
    if (fresh.length > 0) this.feed({ kind: "demand", now: this.clock });
  }

  /** A message from the network. */
  receive(from: NodeId, message: ConsensusMessage): void {
    if (!this.isUp || this.disk.height === null) return;
    this.world.happened(this.name, "gets", message);
    if (this.tactics.receive === undefined) this.accept(from, message);
    else this.tactics.receive(from, message);
  }

  accept(from: NodeId, message: ConsensusMessage): void {
    if (message.kind === "transactions") this.offer(message);
    else if (this.world.mutant.driver?.verifiesNothing || checkMessage(this.#verifier, message))
      this.feed({ kind: "message", now: this.clock, from, message });
  }

  feed(event: Event): void {
    const effects = this.#replica.step(event);
    const { effects: change } = this.world.mutant;
    for (const effect of change === undefined ? effects : change(event, effects))
      this.#perform(effect);
  }

  /** What the node sends passes here, and only once it may leave. */
  send(to: NodeId, message: ConsensusMessage): void {
    if (this.tactics.send === undefined) this.transmit(to, message);
    else this.tactics.send(to, message);
  }

  transmit(to: NodeId, message: ConsensusMessage): void {
    if (to === this.name && this.isHonest) return;
    if (!this.isHonest && !this.world.isLying) return;
    this.world.released(this, message);
    this.world.network.send(this, to, message);
  }

  #begin(): void {
    const { height, committee, ledger, world } = this;
    const records = world.mutant.driver?.keepsNoLog ? [] : this.disk.records(height);
    const parent = { hash: ledger.head.hash, time: ledger.head.time };
    this.feed({ kind: "start", now: this.clock, height, parent, committee, records });
    const transaction = world.keys.renewalFor(this.name, ledger.state);
    if (transaction !== null) this.#submit(transaction);
  }

  #perform(effect: Effect): void {
    this.tactics.effect?.(effect);
    switch (effect.kind) {
      case "persist":
        this.world.learned(this, effect.certificate);
        if (!this.world.mutant.driver?.logsOnlyVotes)
          this.#journal.append({ kind: "certificate", certificate: effect.certificate });
        break;
      case "cast":
        this.#cast(effect);
        break;
      case "send":
        this.#journal.whenDurable(() => this.send(effect.to, effect.message));
        break;
      case "broadcast":
        this.#journal.whenDurable(() => this.#broadcast(effect.message));
        break;
      case "setTimer":
        this.#after(effect.delayMs, () =>
          this.feed({ kind: "timer", now: this.clock, timer: effect.timer }),
        );
        break;
      case "commit":
        this.#journal.whenDurable(() => this.#commit(effect.block, effect.certificate));
        break;
      case "sendFinalized":
        this.#journal.whenDurable(() => this.#sendFinalized(effect.to, effect.height));
        break;
      case "shareTransactions":
        this.#shareTransactions();
        break;
      case "evidence":
        this.#accuse(effect);
        break;
      case "fork":
        this.world.forked(this);
        break;
    }
  }

  #cast({ ballot, block, justification }: Extract<Effect, { kind: "cast" }>): void {
    const { seat } = this.committee;
    const { epoch, keys } = this.ledger.seats;
    const key = seat === null || epoch !== ballot.epoch ? undefined : keys[seat];
    if (seat === null || key === undefined) throw new Error(`${this.name} votes without a seat`);
    const vote = this.world.signatures.sign(key, seat, ballot);
    this.#journal.append({ kind: "vote", vote, block, justification });
    this.#journal.whenDurable(() => this.feed({ kind: "signed", now: this.clock, vote }));
  }

  #accuse({ evidence }: Extract<Effect, { kind: "evidence" }>): void {
    this.world.accused(this, evidence);
    const suspect = this.ledger.seats.members[evidence.seat];
    if (suspect !== undefined && !this.world.mutant.driver?.keepsEvidence)
      this.#submit(conviction(suspect, evidence));
  }

  #submit(transaction: Transaction): void {
    this.offer({ kind: "transactions", transactions: [transaction] });
  }

  /** Block, certificate and state in one write: all of it, or after a crash nothing. */
  #commit(block: Block, certificate: Certificate): void {
    this.#isCommitting = true;
    if (this.world.mutant.driver?.prunesEarly) this.disk.prune(block.header.height);
    this.#after(this.#syncMs, () => {
      this.#isCommitting = false;
      // A snapshot may have overtaken it.
      if (block.header.height !== this.height) return;
      const { seats } = this.ledger;
      this.ledger.commit(block, certificate);
      this.#store(block, certificate);
      this.world.committed(this, block, certificate);
      if (this.ledger.seats !== seats) this.#onHandOver();
      this.#pushToFollowers(block, certificate);
      this.#begin();
    });
  }

  /** Now and then a node takes a new vote key, as long as the network is not to come to rest. */
  #onHandOver(): void {
    const { ledger, name, world } = this;
    if (!this.isHonest) return;
    world.keys.prune(name, ledger.state);
    const mayRenew = !world.network.isHealed && world.random.chance(0.3);
    if (mayRenew && world.keys.renewalFor(name, ledger.state) === null) world.keys.renew(name);
  }

  #store(block: Block, certificate: Certificate): void {
    const { disk, ledger, world } = this;
    const { state } = ledger;
    disk.commit(block, certificate);
    disk.keep({ header: block.header, certificate, state }, world.scenario.snapshotEvery);
  }

  /** One member a height tells those without a seat, so that they need not ask. */
  #pushToFollowers(block: Block, certificate: Certificate): void {
    const { members, seat } = this.committee;
    if (seat !== block.header.height % members.length) return;
    for (const { name } of this.world.nodes)
      if (!members.includes(name)) this.send(name, { kind: "finalized", block, certificate });
  }

  #broadcast(message: ConsensusMessage): void {
    for (const member of this.ledger.seats.members) this.send(member, message);
  }

  #sendFinalized(to: NodeId, height: number): void {
    const decision = this.disk.decisionAt(height);
    const isKept = decision?.kind === "certificate" && this.world.mutant.driver?.keepsBase;
    if (decision !== null && !isKept) this.send(to, decision);
  }

  #shareTransactions(): void {
    const transactions = [...this.ledger.pool.values()].slice(0, 20);
    if (transactions.length > 0) this.#broadcast({ kind: "transactions", transactions });
  }

  #after(delayMs: number, act: () => void): void {
    const { generation } = this;
    this.world.agenda.after(delayMs, () => {
      if (this.isUp && this.generation === generation) act();
    });
  }

  get #syncMs(): number {
    return this.world.random.between(1, this.world.scenario.slowestSyncMs);
  }

  #newReplica(): Replica {
    const { mutant, rules, scenario } = this.world;
    const application = this.tactics.application?.(this.ledger) ?? this.ledger;
    return new Replica({
      application: mutate(application, mutant, this.ledger),
      rules,
      settings: scenario.settings,
    });
  }
}
