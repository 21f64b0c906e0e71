import {
  type Application,
  type Committee,
  checkMessage,
  type Effect,
  type Event,
  type LogRecord,
  Replica,
} from "@meshwork/consensus";
import type { NodeId } from "@meshwork/foundation";
import type { Block, Certificate, ConsensusMessage } from "@meshwork/protocol";
import { Disk } from "./disk.ts";
import type { Tactics } from "./tactics.ts";
import { ToyLedger } from "./toy-ledger.ts";
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
  #replica: Replica;
  #generation = 0;
  #isSyncing = false;
  #isCommitting = false;
  #outbox: { readonly after: number; readonly act: () => void }[] = [];
  readonly #skewMs: number;

  constructor(world: World, name: NodeId, isHonest: boolean) {
    this.world = world;
    this.name = name;
    this.isHonest = isHonest;
    this.#skewMs = world.random.between(-world.scenario.skewMs, world.scenario.skewMs);
    this.ledger = new ToyLedger({ self: name, ...world.ledgerParts }, world.startTime);
    this.#replica = this.#newReplica();
  }

  get clock(): number {
    return this.world.agenda.now + (this.tactics.clockOffset?.() ?? this.#skewMs);
  }

  get height(): number {
    return this.disk.chain.length + 1;
  }

  get view(): number {
    return this.#replica.position?.view ?? 0;
  }

  get committee(): Committee {
    return this.world.committeeFor(this.height, this.name);
  }

  /** Nothing of its own is under way, and nothing that it knows of is left to do. */
  get isAtRest(): boolean {
    return this.isUp && !this.#isCommitting && !this.ledger.hasExecutable();
  }

  start(): void {
    this.isUp = true;
    this.#replica = this.#newReplica();
    this.#begin(this.world.mutant.driver?.keepsNoLog ? [] : this.disk.records(this.height));
  }

  /** Loses everything but the disk, and of that what was not synced. */
  crash(): void {
    this.isUp = false;
    this.#generation++;
    this.disk.crash(this.world.random);
    this.ledger.pool.clear();
    this.#outbox = [];
    this.#isSyncing = false;
    this.#isCommitting = false;
  }

  offer(message: Extract<ConsensusMessage, { kind: "transactions" }>): void {
    if (!this.isUp) return;
    const fresh = message.transactions.filter((transaction) => this.ledger.offer(transaction));
    if (fresh.length > 0) this.feed({ kind: "demand", now: this.clock });
  }

  /** A message from the network. */
  receive(from: NodeId, message: ConsensusMessage): void {
    if (!this.isUp) return;
    this.world.happened(this.name, "gets", message);
    if (this.tactics.receive === undefined) this.accept(from, message);
    else this.tactics.receive(from, message);
  }

  accept(from: NodeId, message: ConsensusMessage): void {
    if (message.kind === "transactions") this.offer(message);
    else if (
      this.world.mutant.driver?.verifiesNothing ||
      checkMessage(this.world.verifier, message)
    )
      this.feed({ kind: "message", now: this.clock, from, message });
  }

  feed(event: Event): void {
    const effects = this.#replica.step(event);
    const { effects: mutate } = this.world.mutant;
    for (const effect of mutate === undefined ? effects : mutate(event, effects))
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

  #begin(records: readonly LogRecord[]): void {
    const { height, committee, ledger } = this;
    const parent = { hash: ledger.head.hash, time: ledger.head.time };
    this.feed({ kind: "start", now: this.clock, height, parent, committee, records });
  }

  #perform(effect: Effect): void {
    this.tactics.effect?.(effect);
    switch (effect.kind) {
      case "persist":
        this.world.learned(this, effect.certificate);
        if (!this.world.mutant.driver?.logsOnlyVotes)
          this.#append({ kind: "certificate", certificate: effect.certificate });
        break;
      case "cast":
        this.#cast(effect);
        break;
      case "send":
        this.#whenDurable(() => this.send(effect.to, effect.message));
        break;
      case "broadcast":
        this.#whenDurable(() => this.#broadcast(effect.message));
        break;
      case "setTimer":
        this.#after(effect.delayMs, () =>
          this.feed({ kind: "timer", now: this.clock, timer: effect.timer }),
        );
        break;
      case "commit":
        this.#whenDurable(() => this.#commit(effect.block, effect.certificate));
        break;
      case "sendFinalized":
        this.#whenDurable(() => this.#sendFinalized(effect.to, effect.height));
        break;
      case "shareTransactions":
        this.#shareTransactions();
        break;
      case "evidence":
        this.world.accused(this, effect.evidence);
        break;
      case "fork":
        this.world.forked(this);
        break;
    }
  }

  #cast({ ballot, block, justification }: Extract<Effect, { kind: "cast" }>): void {
    const { seat } = this.world.committeeFor(ballot.height, this.name);
    if (seat === null) throw new Error(`${this.name} votes without a seat`);
    const vote = this.world.signatures.sign(this.name, seat, ballot);
    this.#append({ kind: "vote", vote, block, justification });
    this.#whenDurable(() => this.feed({ kind: "signed", now: this.clock, vote }));
  }

  #append(record: LogRecord): void {
    this.disk.append(record);
    if (!this.#isSyncing) this.#sync();
  }

  /** One sync at a time; what is appended meanwhile waits for the next. */
  #sync(): void {
    this.#isSyncing = true;
    const upTo = this.disk.appended;
    this.#after(this.#syncMs, () => {
      this.disk.sync(upTo);
      this.#flush();
      if (this.disk.appended > this.disk.durable) this.#sync();
      else this.#isSyncing = false;
    });
  }

  #whenDurable(act: () => void): void {
    const isFree = this.#outbox.length === 0 && this.disk.appended === this.disk.durable;
    if (isFree || this.world.mutant.driver?.sendsBeforeSync) act();
    else this.#outbox.push({ after: this.disk.appended, act });
  }

  #flush(): void {
    for (
      let next = this.#outbox[0];
      next && next.after <= this.disk.durable;
      next = this.#outbox[0]
    ) {
      this.#outbox.shift();
      next.act();
    }
  }

  /** Block, certificate and state in one write: all of it, or after a crash nothing. */
  #commit(block: Block, certificate: Certificate): void {
    this.#isCommitting = true;
    if (this.world.mutant.driver?.prunesEarly) this.disk.prune(block.header.height);
    this.#after(this.#syncMs, () => {
      this.#isCommitting = false;
      this.ledger.commit(block, certificate);
      this.disk.commit(block, certificate);
      this.world.committed(this, block, certificate);
      this.#pushToFollowers(block, certificate);
      this.#begin([]);
    });
  }

  /** One member a height tells those without a seat, so that they need not ask. */
  #pushToFollowers(block: Block, certificate: Certificate): void {
    const { members, seat } = this.committee;
    if (seat !== block.header.height % members.length) return;
    for (const { name } of this.world.nodes)
      if (!members.includes(name)) this.send(name, { kind: "finalized", block, certificate });
  }

  #broadcast(message: ConsensusMessage): void {
    for (const member of this.committee.members) this.send(member, message);
  }

  #sendFinalized(to: NodeId, height: number): void {
    const entry = this.disk.chain[height - 1];
    if (entry !== undefined) this.send(to, { kind: "finalized", ...entry });
  }

  #shareTransactions(): void {
    const transactions = [...this.ledger.pool.values()].slice(0, 20);
    if (transactions.length > 0) this.#broadcast({ kind: "transactions", transactions });
  }

  #after(delayMs: number, act: () => void): void {
    const generation = this.#generation;
    this.world.agenda.after(delayMs, () => {
      if (this.isUp && this.#generation === generation) act();
    });
  }

  get #syncMs(): number {
    return this.world.random.between(1, this.world.scenario.slowestSyncMs);
  }

  #newReplica(): Replica {
    const { mutant, rules, scenario } = this.world;
    const application = this.tactics.application?.(this.ledger) ?? this.ledger;
    const mutated = mutant.application?.(this.ledger);
    return new Replica({
      application: mutated === undefined ? application : withParts(application, mutated),
      rules,
      settings: scenario.settings,
    });
  }
}

const withParts = (whole: Application, parts: Partial<Application>): Application => ({
  hashOf: (block) => whole.hashOf(block),
  buildBlock: (at) => whole.buildBlock(at),
  checkBlock: (block, at) => whole.checkBlock(block, at),
  demand: (now) => whole.demand(now),
  ...parts,
});
