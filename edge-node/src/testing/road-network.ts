import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ContentId,
  type Digest,
  type NodeId,
  type OrderId,
  type Points,
  systemClock,
  utf8,
} from "@meshwork/foundation";
import { isExecutable } from "@meshwork/ledger";
import { type TestMember, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  ANYWHERE,
  type Contract,
  contractHash,
  plainWork,
  type TaskOrder,
  type TaskRecord,
  type TransactionBody,
  taskMessage,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { partiesOf } from "../assignment.ts";
import { createAssignments } from "../assignments.ts";
import { sitOnPanel } from "../committee/panel.ts";
import { verifyTask } from "../committee/verify-task.ts";
import { openDispatchBook } from "../mail/dispatch-book.ts";
import { createTaskMail } from "../mail/task-mail.ts";
import type { Blobs, TaskLedger } from "../ports.ts";
import { createDispatcher } from "../requester/dispatch.ts";
import type { RunningTask } from "../runtime/run-task.ts";
import { createTaskSecrets } from "../task-secrets.ts";
import { createWatch } from "../watch.ts";
import { openCheckpoints } from "../worker/checkpoints.ts";
import { createPace } from "../worker/pace.ts";
import { work } from "../worker/work.ts";
import { contractFor } from "./contract-for.ts";
import { nothingOutside } from "./nothing-outside.ts";

/** How one node of the road behaves; by default as it should. */
export interface Conduct {
  /** What its sandbox runs instead of the true program. */
  program?: RunningTask;
  /** It hears and says nothing. */
  silent?: boolean;
  /** Letters that it does not send. */
  withholds?: (to: NodeId, kind: string) => boolean;
}

/** What carries task data; by default memory, which all have in common. */
export type BlobsOf = (node: NodeId) => Promise<Blobs>;

/**
 * The whole road of a task in one process: the true worker, verifier and dispatcher code on the true
 * ledger rules. Blocks come from a generator that holds the committee's keys, letters and blobs go
 * through memory, and programs are plain functions: for what the road itself promises.
 */
export class RoadNetwork {
  readonly chain: TestNetwork;
  readonly #truth: RunningTask;
  readonly #conduct: Map<NodeId, Conduct>;
  readonly #changed = createWatch<OrderId>();
  readonly #waiting: {
    member: TestMember;
    body: TransactionBody;
    settle: (error: Error | null) => void;
  }[] = [];
  readonly #inboxes = new Map<NodeId, (from: NodeId, payload: Uint8Array) => void>();
  readonly #objects = new Map<ContentId, Uint8Array>();
  readonly #blobsOf: BlobsOf;
  readonly #stopping = new AbortController();
  #passedUntil = systemClock.monotonic();
  readonly #listeners: ((task: TaskRecord) => void)[] = [];
  readonly #ends: (() => Promise<void>)[] = [];

  private constructor(
    { members, truth, blobs }: { members: number; truth: RunningTask; blobs?: BlobsOf },
    conduct: (index: number) => Conduct,
  ) {
    this.chain = new TestNetwork({ members });
    this.#blobsOf = blobs ?? (async () => this.#blobs());
    this.#truth = truth;
    this.#conduct = new Map(
      this.chain.members.map(({ nodeId }, index) => [nodeId, conduct(index)]),
    );
  }

  static async start(options: {
    members: number;
    truth: RunningTask;
    conduct?: (index: number) => Conduct;
    blobs?: BlobsOf;
  }): Promise<RoadNetwork> {
    const network = new RoadNetwork(options, options.conduct ?? (() => ({})));
    for (const member of network.chain.members) await network.#join(member);
    void network.#makeBlocks();
    return network;
  }

  async stop(): Promise<void> {
    this.#stopping.abort(new Error("the test is over"));
    await Promise.all(this.#ends.map((end) => end()));
  }

  /** Orders a task, dispatches it, and answers with its record when the ledger is done with it. */
  async run(change: Partial<TaskOrder> = {}): Promise<TaskRecord> {
    const { requester } = this.chain;
    const program = utf8("the program");
    const blind = "0b".repeat(32) as Digest;
    const contract = contractFor(program);
    const order: TaskOrder = {
      contractHash: contractHash(contract, blind),
      gateway: requester.nodeId,
      policy: { replicas: 2, verifiers: 4, segmentsPerVerifier: 2, auditRate: 65_536 },
      priority: 1,
      deadlines: { matchMs: 5_000, runMs: 20_000, deliverMs: 8_000 },
      priceCeiling: 20_000n as Points,
      maxFuel: contract.limits.fuel,
      ...{ work: plainWork, placement: ANYWHERE, ...change },
    };
    const known = new Set([...this.chain.state.all("task")].map(({ orderId }) => orderId));
    await this.#ledgerOf(requester).transact({ kind: "submit", order }, this.#stopping.signal);
    const task = [...this.chain.state.all("task")].find(({ orderId }) => !known.has(orderId));
    if (task === undefined) throw new Error("the order was not taken");
    await this.#dispatch(task.orderId, contract, blind, program);
    return this.#ledgerOf(requester).until(
      task.orderId,
      ({ phase }) => phase === "done",
      this.#stopping.signal,
    );
  }

  async #dispatch(
    orderId: OrderId,
    contract: Contract,
    blind: Digest,
    program: Uint8Array,
  ): Promise<void> {
    const { requester } = this.chain;
    const dispatches = await this.#book();
    const sealed = await this.#seal(program);
    const dataKey = "0d".repeat(32) as Digest;
    await dispatches.put({ kind: "dispatch", orderId, contract, blind, dataKey, sealed: [sealed] });
    const dispatcher = createDispatcher({
      mail: this.#mailOf(requester),
      dispatches,
      log: silentLog,
    });
    this.#onTask((task) => {
      if (task.orderId === orderId) dispatcher.onTask(task);
    });
  }

  async #seal(program: Uint8Array) {
    const { sealBytes } = await import("@meshwork/crypto");
    const blobs = await this.#blobsOf(this.chain.requester.nodeId);
    const sealed = await blobs.put(sealBytes(new Uint8Array(32).fill(0x0d), program));
    return { plain: contentIdOf(program), sealed };
  }

  async #join(member: TestMember): Promise<void> {
    const conduct = this.#conduct.get(member.nodeId) ?? {};
    if (conduct.silent) return;
    const shared = {
      me: member.nodeId,
      keyPair: member.keyPair,
      clock: systemClock,
      ledger: this.#ledgerOf(member),
      mail: this.#mailOf(member),
      blobs: await this.#blobsOf(member.nodeId),
      dispatches: await this.#book(),
      secrets: createTaskSecrets(utf8(member.name)),
      log: silentLog,
      hasRoom: () => true,
      pace: createPace(),
      outside: nothingOutside,
      checkpoints: await this.#checkpoints(),
      openSandbox: async () => {
        const program = conduct.program ?? this.#truth;
        return { ...program, close: async () => {} };
      },
    };
    const assignments = createAssignments({
      ...shared,
      work: (assignment, signal) => work(shared, assignment, signal),
      verify: (assignment, signal) => verifyTask(shared, assignment, signal),
      sit: (assignment, signal) => sitOnPanel(shared, assignment, signal),
    });
    this.#onTask((task) => assignments.onTask(task));
    this.#ends.push(() => assignments.stop());
  }

  #onTask(listener: (task: TaskRecord) => void): void {
    this.#listeners.push(listener);
    for (const task of this.chain.state.all("task")) listener(task);
  }

  #ledgerOf(member: TestMember): TaskLedger {
    const task = (orderId: OrderId) => this.chain.state.task(orderId) ?? null;
    return {
      chainId: this.chain.chainId,
      task,
      until: (orderId, holds, signal) => {
        const probe = () => {
          const record = task(orderId);
          return record !== null && holds(record) ? record : null;
        };
        return this.#changed.until(orderId, probe, signal);
      },
      transact: (body) =>
        new Promise((resolve, reject) => {
          this.#waiting.push({
            member,
            body,
            settle: (error) => (error === null ? resolve() : reject(error)),
          });
        }),
    };
  }

  #mailOf(member: TestMember) {
    const conduct = this.#conduct.get(member.nodeId) ?? {};
    return createTaskMail({
      send: async (to, payload) => {
        if (conduct.withholds?.(to, taskMessage.decode(payload).kind)) return;
        setImmediate(() => this.#inboxes.get(to)?.(member.nodeId, payload));
      },
      onMessage: (handler) => this.#inboxes.set(member.nodeId, handler),
      shareOrder: (orderId, from) => {
        const task = this.chain.state.task(orderId);
        const parties = task === undefined ? [] : partiesOf(task);
        return parties.includes(member.nodeId) && parties.includes(from);
      },
    });
  }

  #blobs(): Blobs {
    const put = async (bytes: Uint8Array) => {
      this.#objects.set(contentIdOf(bytes), bytes);
      return contentIdOf(bytes);
    };
    return {
      put,
      push: async (_to, bytes) => void (await put(bytes)),
      fetch: async (id) => this.#objects.get(id) ?? Promise.reject(new Error(`nobody has ${id}`)),
    };
  }

  async #checkpoints() {
    const folder = await mkdtemp(join(tmpdir(), "meshwork-road-"));
    this.#ends.push(() => rm(folder, { recursive: true, force: true }));
    return openCheckpoints(folder);
  }

  async #book() {
    const folder = await mkdtemp(join(tmpdir(), "meshwork-road-"));
    this.#ends.push(() => rm(folder, { recursive: true, force: true }));
    return openDispatchBook(folder);
  }

  /** One transaction a block; without one, time passes until the ledger does something by itself. */
  async #makeBlocks(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      const ready = this.#waiting.findIndex(({ member, body }) => this.#isExecutable(member, body));
      const [next] = ready < 0 ? [] : this.#waiting.splice(ready, 1);
      if (next !== undefined) this.chain.send(next.member, next.body);
      const made = this.chain.step(
        next === undefined ? { elapsedMs: this.#passed(), view: 1 } : {},
      );
      next?.settle(null);
      const orders = new Set(
        made.events.flatMap((event) => (event.kind === "task" ? [event.orderId] : [])),
      );
      for (const orderId of orders) {
        this.#changed.notify(orderId);
        const task = made.state.task(orderId);
        if (task !== undefined) for (const listener of this.#listeners) listener(task);
      }
    }
  }

  /** The ledger's time is the machine's: a disk that is slow, or busy, must not cost a node its deadline. */
  #passed(): number {
    const now = systemClock.monotonic();
    const elapsedMs = Math.max(1, Math.round(now - this.#passedUntil));
    this.#passedUntil = now;
    return elapsedMs;
  }

  #isExecutable(member: TestMember, body: TransactionBody): boolean {
    const transaction = this.chain.sign(member, body);
    return isExecutable(this.chain.state, transaction, { time: this.chain.header.time + 10 });
  }
}
