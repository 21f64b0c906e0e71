import type { NodeId } from "@meshwork/foundation";
import type { TaskRecord } from "@meshwork/protocol";
import type { Gang } from "./gang.ts";
import { traceOf } from "./program.ts";
import type { Made } from "./trust-ledger.ts";

/** What a world comes to. */
export interface Counts {
  tasks: number;
  outcomes: Record<string, number>;
  /** Places that were called, and those of them that the gang got. */
  places: number;
  gangPlaces: number;
  /** Wrong results that workers committed to. */
  lies: number;
  /** Tasks that ended with a wrong result, `verified` or `accepted`. */
  wrongAccepted: number;
  /** What the formula of the policy says of them: the mean, and the variance of the sum. */
  predicted: { mean: number; variance: number };
  /** What all lies were worth on average, in points; negative: not worth telling. */
  worthOfLies: number;
  /** Runs of the whole program that were done, in parts of a run; then those of the gang. */
  runs: number;
  gangRuns: number;
  /** Lies that each node of the gang told before it was convicted first. */
  liesUntilCaught: number[];
  /** What befell honest nodes: convictions, bonds burnt, and points burnt in all. */
  harm: { suspended: number; bonds: number; points: number };
}

/** The rules that take points from a node. */
const PENALTIES = new Set([
  "wrong-result",
  "not-revealed",
  "no-verdict",
  "no-show",
  "false-samples",
]);

export class Tally {
  readonly counts: Counts = {
    tasks: 0,
    outcomes: {},
    places: 0,
    gangPlaces: 0,
    lies: 0,
    wrongAccepted: 0,
    predicted: { mean: 0, variance: 0 },
    worthOfLies: 0,
    runs: 0,
    gangRuns: 0,
    liesUntilCaught: [],
    harm: { suspended: 0, bonds: 0, points: 0 },
  };
  readonly #lies = new Map<NodeId, number>();
  readonly #caught = new Set<NodeId>();
  readonly #gang: Gang;

  constructor(gang: Gang) {
    this.#gang = gang;
  }

  lied(node: NodeId): void {
    this.counts.lies++;
    this.#lies.set(node, (this.#lies.get(node) ?? 0) + 1);
  }

  worked(node: NodeId, runs: number): void {
    this.counts.runs += runs;
    if (this.#gang.has(node)) this.counts.gangRuns += runs;
  }

  /** @param worth what the lies were worth on average to those who told them. */
  risk(probability: number, worth: number): void {
    const { predicted } = this.counts;
    this.counts.worthOfLies += worth;
    predicted.mean += probability;
    predicted.variance += probability * (1 - probability);
  }

  take({ events, whys }: Made): void {
    const { harm } = this.counts;
    for (const event of events)
      if (event.kind === "node" && event.change === "suspended") this.#suspended(event.nodeId);
    for (const { account, of, rule, delta } of whys) {
      if (!PENALTIES.has(rule) || this.#gang.has(account) || of === "reputation") continue;
      if (of === "bonded") harm.bonds++;
      harm.points -= Number(delta);
    }
  }

  done({ conclusion, workers, verifiers }: TaskRecord): void {
    const { counts } = this;
    const outcome = conclusion?.outcome ?? "none";
    counts.tasks++;
    counts.outcomes[outcome] = (counts.outcomes[outcome] ?? 0) + 1;
    for (const { node } of [...workers, ...verifiers]) {
      counts.places++;
      if (this.#gang.has(node)) counts.gangPlaces++;
    }
    const traceRoot = conclusion?.result?.traceRoot ?? traceOf("honest").traceRoot;
    if (traceRoot !== traceOf("honest").traceRoot) counts.wrongAccepted++;
  }

  #suspended(node: NodeId): void {
    if (!this.#gang.has(node)) {
      this.counts.harm.suspended++;
      return;
    }
    if (this.#caught.has(node)) return;
    this.#caught.add(node);
    this.counts.liesUntilCaught.push(this.#lies.get(node) ?? 0);
  }
}
