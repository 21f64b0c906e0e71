import type { NodeId, OrderId } from "@meshwork/foundation";
import {
  type NetworkPolicy,
  seededDraw,
  transactionIdOf,
  type VerificationPolicy,
} from "@meshwork/protocol";
import { type Adversary, Gang } from "./gang.ts";
import { seededDigest } from "./identity.ts";
import { orderOf } from "./orders.ts";
import { Play } from "./play.ts";
import { genesisOf, populationOf, trustPolicy } from "./population.ts";
import { honest } from "./strategy.ts";
import { type Counts, Tally } from "./tally.ts";
import { type Made, TrustLedger } from "./trust-ledger.ts";

export interface WorldOptions {
  seed: number;
  nodes: number;
  tasks: number;
  adversary: Adversary;
  /** The same keys, all honest: what cheating is held against. */
  isHonest: boolean;
  /** A mistake put into the rules' numbers. */
  policy?: Partial<NetworkPolicy>;
  /** How all orders are to be checked. @default one worker or two, by earned trust */
  plan?: VerificationPolicy;
  /** Clean verdicts that the genesis grants to each member. */
  standing?: number;
}

export interface Outcome {
  counts: Counts;
  /** What the gang's keys own more at the end than at the beginning. */
  gained: number;
  gangKeys: number;
  trace: string;
  transactions: number;
  refused: Record<string, number>;
}

/** Enough to end probation, and for an audit rate at its floor. */
const STANDING = 25;
const ORDERS_PER_ROUND = 10;
/** Between two rounds, so that a suspension of an hour is worth something. */
const PAUSE_MS = 600_000;
const MAX_STEPS_PER_ROUND = 2_000;

/** One network, one adversary, so many tasks. */
export class World {
  readonly #options: WorldOptions;
  readonly #people: ReturnType<typeof populationOf>;
  readonly #ledger: TrustLedger;
  readonly #gang: Gang;
  readonly #tally: Tally;
  readonly #play: Play;
  readonly #draw;

  constructor(options: WorldOptions) {
    const { seed, nodes, adversary, isHonest, standing = STANDING } = options;
    const policy = { ...trustPolicy, ...options.policy };
    this.#options = options;
    this.#people = populationOf(nodes, Math.round(nodes * adversary.share));
    this.#draw = seededDraw(seededDigest(`${seed}/orders`));
    const genesis = genesisOf(this.#people, { seed: `${seed}`, standing, policy });
    this.#ledger = new TrustLedger(genesis, `${seed}`);
    const chance = seededDraw(seededDigest(`${seed}/gang`));
    this.#gang = new Gang(this.#ledger, this.#people, chance);
    this.#tally = new Tally(this.#gang);
    const strategy = isHonest ? honest : adversary.plays(this.#gang);
    const strategyOf = (id: NodeId) => (this.#gang.has(id) ? strategy : honest);
    this.#play = new Play({ ledger: this.#ledger, tally: this.#tally, strategyOf });
  }

  run(): Outcome {
    const { adversary, isHonest, tasks } = this.#options;
    const before = this.#gang.wealth;
    this.#take(this.#ledger.step());
    adversary.arrives?.(this.#gang);
    this.#pause();
    this.#gang.settleIn();
    this.#take(this.#ledger.step());
    for (let placed = 0; placed < tasks; placed += ORDERS_PER_ROUND) {
      if (!isHonest) adversary.eachRound?.(this.#gang);
      this.#gang.settleIn();
      this.#round(Math.min(ORDERS_PER_ROUND, tasks - placed));
      this.#pause();
    }
    this.#ledger.assertSound();
    const { trace, transactions, refused } = this.#ledger;
    return {
      counts: this.#tally.counts,
      gained: Number(this.#gang.wealth - before),
      gangKeys: this.#gang.members.length,
      trace,
      transactions,
      refused: Object.fromEntries(refused),
    };
  }

  /** Orders, and blocks until the last of them is done. */
  #round(orders: number): void {
    const open = new Set([...this.#gang.ordered]);
    for (let i = 0; i < orders; i++) open.add(this.#order());
    for (let steps = 0; open.size > 0; steps++) {
      if (steps > MAX_STEPS_PER_ROUND) throw new Error(`a task hangs: ${[...open][0]}`);
      this.#take(this.#ledger.step());
      for (const orderId of open) this.#follow(orderId, open);
    }
    this.#gang.ordered.clear();
  }

  #follow(orderId: OrderId, open: Set<OrderId>): void {
    const task = this.#ledger.state.task(orderId);
    if (task !== undefined && task.phase !== "done") {
      const { adversary, isHonest } = this.#options;
      const isTheirs = this.#gang.ordered.has(orderId);
      if (isTheirs && !isHonest) adversary.watches?.(this.#gang, task);
      this.#play.act(task);
      return;
    }
    open.delete(orderId);
    this.#play.forget(orderId);
    if (task !== undefined) this.#tally.done(task);
  }

  #order(): OrderId {
    const { requesters } = this.#people;
    const requester = requesters[this.#draw(requesters.length)] ?? this.#people.purse;
    const replicas = 1 + this.#draw(2);
    const { plan } = this.#options;
    const order = orderOf(this.#ledger.state.policy, {
      gateway: requester.nodeId,
      replicas,
      ...(plan === undefined ? {} : { plan }),
    });
    const { unsigned } = this.#ledger.send(requester, { kind: "submit", order });
    return transactionIdOf(unsigned) as string as OrderId;
  }

  #pause(): void {
    for (const made of this.#ledger.sleep(PAUSE_MS)) this.#take(made);
  }

  #take(made: Made): void {
    this.#tally.take(made);
  }
}
