import type { ContentId, Fuel, NodeId, OrderId, Points } from "@meshwork/foundation";
import {
  ANYWHERE,
  type Attestation,
  closedSet,
  commitmentOf,
  type FaultCode,
  judgesOf,
  type ProofOfTask,
  plainWork,
  type Reveal,
  seedCommitmentOf,
  sittingPanel,
  type TaskOrder,
  type TaskPlace,
  type TaskRecord,
  traceRootOf,
  transactionIdOf,
  type Verdict,
} from "@meshwork/protocol";
import { nextOwedTime } from "../demand.ts";
import { seededDigest } from "./members.ts";
import type { TestNetwork } from "./network.ts";
import { seedOf, TestJudges } from "./test-judges.ts";
import { STEPS, testRun } from "./test-run.ts";

/** How a node plays its place; who judges may clear liars, or convict everybody. */
export type Conduct =
  | "honest"
  | "declines"
  | "silent"
  | "vanishes"
  | "lies"
  | "hides"
  | "acquits"
  | "slanders";

export const testOrder = (gateway: NodeId, change: Partial<TaskOrder> = {}): TaskOrder => ({
  contractHash: seededDigest("contract"),
  gateway,
  policy: { replicas: 2, verifiers: 4, segmentsPerVerifier: 3, auditRate: 65_536 },
  priority: 1,
  deadlines: { matchMs: 5_000, runMs: 20_000, deliverMs: 10_000 },
  priceCeiling: 10_000n as Points,
  maxFuel: 10_000_000n as Fuel,
  work: plainWork,
  placement: ANYWHERE,
  ...change,
});

/** Plays every node of every task, each by its conduct. */
export class Actors {
  readonly #network: TestNetwork;
  /** How each node plays; who does not stand here is honest. */
  readonly conduct = new Map<NodeId, Conduct>();
  /** How the test's program ends. @default to its end */
  fault: FaultCode | null = null;
  readonly #conductIn: (id: NodeId, orderId: OrderId) => Conduct;
  readonly #judges: TestJudges;

  /** @param conductIn decides the conduct task by task instead. */
  constructor(network: TestNetwork, conductIn?: (id: NodeId, orderId: OrderId) => Conduct) {
    this.#network = network;
    this.#conductIn = conductIn ?? ((id) => this.conduct.get(id) ?? "honest");
    this.#judges = new TestJudges({
      network,
      conductIn: this.#conductIn,
      revealOf: (id, orderId) => this.revealOf(id, orderId),
    });
  }

  /** Sends an order, which the next block takes. */
  send(change: Partial<TaskOrder> = {}, requester = this.#network.requester): OrderId {
    const order = testOrder(requester.nodeId, change);
    const { unsigned } = this.#network.send(requester, { kind: "submit", order });
    return transactionIdOf(unsigned) as string as OrderId;
  }

  order(change: Partial<TaskOrder> = {}): OrderId {
    const orderId = this.send(change);
    this.#network.step();
    return orderId;
  }

  /** Everybody does what is next for him in this task. */
  act(task: TaskRecord): void {
    const panel = sittingPanel(task);
    if (task.phase === "running") {
      for (const place of task.workers) this.#work(task, place);
      for (const place of task.verifiers) this.#judge(task, place, "verifier");
    }
    for (const place of panel?.seats ?? []) this.#judge(task, place, "panel");
    if (task.phase === "audit" || panel?.verdictDeadline != null) {
      const proof = this.proofOf(task);
      if (proof !== null) this.#network.send(this.#network.requester, { kind: "prove", proof });
      else this.speakUp(task);
    }
  }

  /** No proof can come: who still speaks lays what he has on the ledger. */
  speakUp(task: TaskRecord): void {
    const { orderId, attempt } = task;
    const speaks = (id: NodeId) =>
      !["hides", "vanishes", "silent"].includes(this.#conductIn(id, orderId));
    for (const { node, shown } of closedSet(task)) {
      if (shown !== null || !speaks(node)) continue;
      const reveal = this.revealOf(node, orderId);
      this.#network.send(this.#network.memberOf(node), { kind: "show", orderId, attempt, reveal });
    }
    for (const seat of judgesOf(task).seats) {
      if (seat.state === "attested" || !speaks(seat.node)) continue;
      const verdict = this.#judges.wordOf(task, seat.node);
      if (verdict === null) continue;
      const attestation = this.attestationOf(task, verdict, seat);
      this.#network.send(this.#network.memberOf(seat.node), {
        kind: "attest",
        verdict,
        attestation,
      });
    }
  }

  /** Makes blocks until the task is done, a deadline at a time when nobody does anything. */
  finish(orderId: OrderId): TaskRecord {
    return this.until(orderId, (task) => task.phase === "done");
  }

  until(orderId: OrderId, isThere: (task: TaskRecord) => boolean): TaskRecord {
    for (let rounds = 0; rounds < 200; rounds++) {
      const task = this.#network.state.task(orderId);
      if (task === undefined) throw new Error(`${orderId} is gone`);
      if (isThere(task)) return task;
      this.act(task);
      this.next();
    }
    throw new Error(`${orderId} hangs`);
  }

  /** A block: at once if anybody acts, else at the time at which the ledger owes one. */
  next(): void {
    const network = this.#network;
    const owed = nextOwedTime(network.state) - network.header.time;
    network.step({ elapsedMs: network.pending > 0 ? 10 : owed });
  }

  #work({ orderId, attempt }: TaskRecord, place: TaskPlace): void {
    const conduct = this.#conductIn(place.node, orderId);
    const member = this.#network.memberOf(place.node);
    const about = { orderId, attempt };
    if (place.state === "called" && conduct === "declines")
      this.#network.send(member, { kind: "decline", ...about });
    else if (place.state === "called" && conduct !== "silent")
      this.#network.send(member, {
        kind: "accept",
        role: "worker",
        seedCommitment: null,
        ...about,
      });
    else if (place.state === "accepted" && conduct !== "vanishes")
      this.#network.send(member, {
        kind: "commit",
        commitment: commitmentOf(
          this.#network.chainId,
          orderId,
          attempt,
          this.revealOf(place.node, orderId),
        ),
        ...about,
      });
  }

  /** Takes a seat from which it will judge. */
  #judge({ orderId, attempt }: TaskRecord, place: TaskPlace, role: "verifier" | "panel"): void {
    const conduct = this.#conductIn(place.node, orderId);
    if (place.state !== "called" || conduct === "silent") return;
    const member = this.#network.memberOf(place.node);
    const about = { orderId, attempt };
    if (conduct === "declines") this.#network.send(member, { kind: "decline", ...about });
    else
      this.#network.send(member, {
        kind: "accept",
        role,
        seedCommitment: seedCommitmentOf(
          { chainId: this.#network.chainId, orderId, attempt, verifier: place.node },
          seedOf(member, orderId),
        ),
        ...about,
      });
  }

  revealOf(id: NodeId, orderId: OrderId): Reveal {
    const { name } = this.#network.memberOf(id);
    const { leaves, resultHash } = testRun(
      this.#conductIn(id, orderId) === "lies" ? name : null,
      this.fault,
    );
    return {
      worker: id,
      resultHash,
      traceRoot: traceRootOf(leaves),
      steps: STEPS,
      fuel: (1_000_000n * BigInt(STEPS)) as Fuel,
      fault: this.fault,
      sealedOutput: `bafkrei${"a".repeat(52)}` as ContentId,
      transcript: null,
      salt: seededDigest(`${name}/salt`),
    };
  }

  /** What the honest among the judges find. */
  verdictOf(task: TaskRecord): Verdict {
    return this.#judges.truth(task);
  }

  attestationOf(task: TaskRecord, verdict: Verdict, seat: TaskPlace): Attestation {
    return this.#judges.attestationOf(task, verdict, seat);
  }

  proofOf(task: TaskRecord): ProofOfTask | null {
    return this.#judges.proofOf(task);
  }
}
