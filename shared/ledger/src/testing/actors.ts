import { sha256Hex } from "@meshwork/crypto";
import {
  type ContentId,
  type Digest,
  type Fuel,
  type NodeId,
  type OrderId,
  type Points,
  toHex,
  utf8,
} from "@meshwork/foundation";
import {
  ANYWHERE,
  type Attestation,
  closedSet,
  closingLeaf,
  commitmentOf,
  encodeLeaf,
  type FaultCode,
  type Finding,
  NOTHING_HASH,
  outcomeOf,
  type ProofOfTask,
  plainWork,
  proofQuorum,
  type Reveal,
  sampleCount,
  sampleDigest,
  sampledSteps,
  seatedVerifiers,
  seedCommitmentOf,
  signAttestation,
  type TaskOrder,
  type TaskPlace,
  type TaskRecord,
  type TraceLeaf,
  tracePath,
  traceRootOf,
  transactionIdOf,
  type Verdict,
} from "@meshwork/protocol";
import { nextOwedTime } from "../demand.ts";
import { identityKeyOf, seededDigest, type TestMember } from "./members.ts";
import type { TestNetwork } from "./network.ts";

/** How a node plays its place. */
export type Conduct = "honest" | "declines" | "silent" | "vanishes" | "lies" | "hides";

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

const STEPS = 8;
/** The step at which a liar departs from the truth. */
const LIE_AT = 5;

/** The run of the test's only program, which a liar changes from one step on. */
export function testRun(
  lie: string | null,
  fault: FaultCode | null = null,
): { leaves: TraceLeaf[]; resultHash: Digest } {
  const state = (step: number) =>
    sha256Hex(utf8(lie !== null && step > LIE_AT ? `state ${step} of ${lie}` : `state ${step}`));
  const resultHash = sha256Hex(utf8(lie === null ? "result" : `result of ${lie}`));
  const leaves = Array.from({ length: STEPS }, (_, index) => ({
    index,
    pre: state(index),
    post: state(index + 1),
    out: NOTHING_HASH,
    outBytes: 0,
    fuel: 1_000_000n,
  }));
  const ending = { steps: STEPS, finalState: state(STEPS), fault };
  const sums = { resultHash, resultBytes: 6, fuel: 1_000_000n * BigInt(STEPS) };
  return { leaves: [...leaves, closingLeaf({ ...ending, ...sums })], resultHash };
}

/** Plays every node of every task, each by its conduct. */
export class Actors {
  readonly #network: TestNetwork;
  /** How each node plays; who does not stand here is honest. */
  readonly conduct = new Map<NodeId, Conduct>();
  /** How the test's program ends. @default to its end */
  fault: FaultCode | null = null;
  readonly #conductIn: (id: NodeId, orderId: OrderId) => Conduct;

  /** @param conductIn decides the conduct task by task instead. */
  constructor(network: TestNetwork, conductIn?: (id: NodeId, orderId: OrderId) => Conduct) {
    this.#network = network;
    this.#conductIn = conductIn ?? ((id) => this.conduct.get(id) ?? "honest");
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
    if (task.phase === "running") {
      for (const place of task.workers) this.#work(task, place);
      for (const place of task.verifiers) this.#verify(task, place);
    }
    if (task.phase === "audit") {
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
    const verdict = this.verdictOf(task);
    for (const seat of seatedVerifiers(task)) {
      if (seat.state === "attested" || !speaks(seat.node)) continue;
      const attestation = this.attestationOf(task, verdict, seat);
      this.#network.send(this.#network.memberOf(seat.node), {
        kind: "attest",
        verdict,
        attestation,
      });
    }
  }

  attestationOf(task: TaskRecord, verdict: Verdict, { node, key }: TaskPlace): Attestation {
    const member = this.#network.memberOf(node);
    const seed = seedOf(member, task.orderId);
    const { leaves } = testRun(null);
    const samples = sampledSteps(seed, STEPS, sampleCount(task, verdict)).map((index) =>
      sampleDigest(key, seed, (leaves[index] as TraceLeaf).post),
    );
    // The seat keeps the key under which it was called, whatever the identity's key is now.
    const keyPair = [...Array(16).keys()]
      .map((count) => identityKeyOf(member, count))
      .find(({ publicKey }) => publicKey === key);
    if (keyPair === undefined) throw new Error(`${node} has no key ${key}`);
    return signAttestation({ verifier: node, keyPair }, verdict, { seed, samples });
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

  #verify({ orderId, attempt }: TaskRecord, place: TaskPlace): void {
    const conduct = this.#conductIn(place.node, orderId);
    if (place.state !== "called" || conduct === "silent") return;
    const member = this.#network.memberOf(place.node);
    const about = { orderId, attempt };
    if (conduct === "declines") this.#network.send(member, { kind: "decline", ...about });
    else
      this.#network.send(member, {
        kind: "accept",
        role: "verifier",
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

  verdictOf(task: TaskRecord): Verdict {
    const findings = closedSet(task).map((place) => this.#findingOf(place.node, task.orderId));
    const agreed = findings.find((found) => found.verdict === "honest")?.reveal ?? null;
    const result = agreed && {
      resultHash: agreed.resultHash,
      traceRoot: agreed.traceRoot,
      steps: agreed.steps,
      fuel: agreed.fuel,
      fault: agreed.fault,
    };
    const { orderId, attempt } = task;
    const outcome = outcomeOf(task, { findings, result });
    return { chainId: this.#network.chainId, orderId, attempt, outcome, findings, result };
  }

  #findingOf(worker: NodeId, orderId: OrderId): Finding {
    const conduct = this.#conductIn(worker, orderId);
    if (conduct === "hides") return { worker, verdict: "unrevealed", reveal: null, evidence: null };
    const reveal = this.revealOf(worker, orderId);
    if (conduct !== "lies") return { worker, verdict: "honest", reveal, evidence: null };
    const { leaves } = testRun(this.#network.memberOf(worker).name);
    const leafOf = (from: TraceLeaf[]) => toHex(encodeLeaf(from[LIE_AT] as TraceLeaf));
    const evidence = {
      index: LIE_AT,
      claimedLeaf: leafOf(leaves),
      path: tracePath(leaves, LIE_AT),
      actualLeaf: leafOf(testRun(null).leaves),
    };
    return { worker, verdict: "guilty", reveal, evidence };
  }

  /** A quorum's signatures, or null while there are too few seated verifiers who would sign. */
  proofOf(task: TaskRecord): ProofOfTask | null {
    const verdict = this.verdictOf(task);
    const willing = seatedVerifiers(task).filter(
      (place) => this.#conductIn(place.node, task.orderId) !== "vanishes",
    );
    const signers = willing.slice(0, proofQuorum(task.order.policy.verifiers));
    if (signers.length < proofQuorum(task.order.policy.verifiers)) return null;
    return {
      verdict,
      attestations: signers.map((seat) => this.attestationOf(task, verdict, seat)),
    };
  }
}

const seedOf = ({ name }: Pick<TestMember, "name">, orderId: OrderId): Digest =>
  seededDigest(`${name}/seed/${orderId}`);
