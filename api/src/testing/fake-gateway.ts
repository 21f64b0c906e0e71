import { type KeyPair, nodeIdOf, sha256Hex } from "@meshwork/crypto";
import {
  type ChainId,
  type Digest,
  type NodeId,
  type OrderId,
  type Points,
  utf8,
} from "@meshwork/foundation";
import { type Outcome, type Transaction, transactionIdOf } from "@meshwork/protocol";
import type { Gateway, PlacedOrder, TaskEvent } from "../ports.ts";
import { quoteBy } from "../quote.ts";
import type { AccountSummary, NodeSummary, QuoteWish, TaskView, WhyEntry } from "../views.ts";
import { FakeFiles } from "./fake-files.ts";
import { FakeJobs } from "./fake-jobs.ts";

export const FAKE_CHAIN = "c".repeat(64) as ChainId;
export const FAKE_NODE = "1".repeat(46) as NodeId;

/** A task's state without what all have in common. */
type Stage = TaskView extends infer V
  ? V extends unknown
    ? Omit<V, "orderId" | "workers" | "verifiers">
    : never
  : never;

interface FakeTask {
  requester: NodeId;
  events: TaskEvent[];
  output: Uint8Array | null;
  early: Uint8Array | null;
}

/** A gateway whose ledger is a list: what stands on it, and when, the test decides. */
export class FakeGateway implements Gateway {
  readonly placed: PlacedOrder[] = [];
  readonly files = new FakeFiles();
  readonly jobs = new FakeJobs();
  readonly transacted: Transaction[] = [];
  /** Every order is refused with it. */
  refusal: Error | null = null;
  /** No order is placed before it settles. */
  delay: Promise<void> = Promise.resolve();
  /** Why it is not ready. */
  reason: string | null = null;
  /** Event streams under way. */
  watchers = 0;
  readonly #accounts = new Map<NodeId, AccountSummary>();
  readonly #tasks = new Map<OrderId, FakeTask>();
  readonly #wakers = new Set<() => void>();
  #height = 1;

  addAccount({ publicKey }: KeyPair): NodeId {
    const account = nodeIdOf(publicKey);
    const purses = { points: 1_000n, bonded: 0n, vesting: 0n };
    this.#accounts.set(account, { account, publicKey, ...purses, keyVersion: null, barred: null });
    return account;
  }

  async transact(transaction: Transaction): Promise<number> {
    if (this.refusal !== null) throw this.refusal;
    this.transacted.push(transaction);
    return this.#height;
  }

  addTask(requester: NodeId, id = sha256Hex(utf8(String(this.#height))) as string): OrderId {
    const orderId = id as OrderId;
    this.#tasks.set(orderId, { requester, events: [], output: null, early: null });
    this.advance(orderId, { kind: "submitted", queued: false });
    return orderId;
  }

  /** The next final block changes the task. */
  advance(id: OrderId, stage: Stage): void {
    const view = { orderId: id, workers: [], verifiers: [], ...stage } as TaskView;
    this.#task(id).events.push({ id: String(++this.#height), view });
    for (const wake of this.#wakers) wake();
  }

  deliver(id: OrderId, output: Uint8Array): void {
    this.#task(id).early = output;
  }

  conclude(id: OrderId, output: Uint8Array, outcome: Outcome = "verified"): void {
    this.#task(id).output = output;
    this.advance(id, {
      kind: "done",
      outcome,
      result: { resultHash: sha256Hex(output), fuel: 2n ** 60n, fault: null },
      segments: { sampled: 1, of: 2 },
    });
  }

  network() {
    const about = { chainId: FAKE_CHAIN, gateway: FAKE_NODE, name: "fake" };
    return { ...about, height: this.#height, time: 0, backlog: 0, policy };
  }

  governance() {
    const now = { policy, protocolVersion: 1 };
    return { epoch: 0, now, adopted: null, seats: [{ node: FAKE_NODE, wants: now }], needed: 1 };
  }

  quote(wish: QuoteWish) {
    return quoteBy(policy, wish);
  }

  async place(order: PlacedOrder): Promise<OrderId> {
    if (this.refusal) throw this.refusal;
    await this.delay;
    this.placed.push(order);
    const { unsigned } = order.transaction;
    return this.addTask(unsigned.sender, transactionIdOf(unsigned));
  }

  task(id: OrderId) {
    const task = this.#tasks.get(id);
    const last = task?.events.at(-1);
    return task && last ? { requester: task.requester, view: last.view } : null;
  }

  async *watch(
    id: OrderId,
    { after, signal }: { after: string | null; signal: AbortSignal },
  ): AsyncGenerator<TaskEvent> {
    const { events } = this.#task(id);
    this.watchers++;
    try {
      let next = events.findIndex((event) => event.id === after) + 1;
      while (!signal.aborted) {
        const event = events[next];
        if (event === undefined) {
          await this.#nextBlock(signal);
          continue;
        }
        next++;
        yield event;
        if (event.view.kind === "done") return;
      }
    } finally {
      this.watchers--;
    }
  }

  async output(id: OrderId) {
    return this.#task(id).output;
  }

  async unverifiedOutput(id: OrderId) {
    const bytes = this.#task(id).early;
    return bytes && { worker: FAKE_NODE, resultHash: sha256Hex(bytes), bytes };
  }

  async receipt(id: OrderId) {
    return this.task(id)?.view.kind === "done" ? utf8(`receipt ${id}`) : null;
  }

  nodes(): NodeSummary[] {
    return ["3", "1", "2"].map((digit) => ({
      nodeId: digit.repeat(46),
      region: "eu-west",
      runtimes: ["js-qjs-v1"],
      services: [],
      capacity: 2,
      reputation: 0.8,
      eligible: true,
      seated: digit === "1",
    }));
  }

  account(id: NodeId): AccountSummary | null {
    return this.#accounts.get(id) ?? null;
  }

  async why(id: NodeId): Promise<readonly WhyEntry[]> {
    const evidence = FAKE_CHAIN as string as Digest;
    const inputs = { granted: 1_000n };
    return this.#accounts.has(id)
      ? [{ height: 1, of: "points", rule: "genesis", delta: 1_000n, inputs, evidence } as const]
      : [];
  }

  unready(): string | null {
    return this.reason;
  }

  #task(id: OrderId): FakeTask {
    const task = this.#tasks.get(id);
    if (task) return task;
    throw new Error(`the fake ledger has no task ${id}`);
  }

  #nextBlock(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#wakers.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#wakers.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}

const policy = {
  admission: "vouched",
  registerPrice: 1n as Points,
  leaseMs: 1,
  heartbeatMs: 1_000,
  drawFactor: 2,
  operatorCap: 0,
  probationShare: 65_536,
  probationVerdicts: 0,
  reputationFloor: 0,
  bond: 1n as Points,
  bondRuns: 0,
  submitPrice: 1n as Points,
  pricePerGigafuel: 1n as Points,
  burnShare: 0,
  verifierShare: 0,
  auditFloor: 0,
  vestingVerdicts: 1,
  suspensionMs: 1,
  minStageMs: 1,
  minMsPerGigafuel: 0,
  unjudgedShare: 0,
  cancelFee: 0n as Points,
  acceptFee: 0n as Points,
  maxAttempts: 1,
  evidencePerDay: 1,
  taskKeptMs: 1,
  unusedMs: 1,
  epochMs: 1,
  handOverBlocks: 1,
  handOverMs: 1,
  committeeSeats: 4,
  seatAgeEpochs: 0,
  contributionKept: 0,
} as const;
