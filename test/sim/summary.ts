import { availableParallelism, cpus } from "node:os";
import type { AdversaryName } from "../support/adversaries/index.ts";
import { adversaryNames } from "../support/adversaries/index.ts";
import type { Report } from "../support/simulator/simulate.ts";

/** What is summed over the runs of a campaign, and how it is called in the table. */
const sums = {
  "virtual hours": ({ virtualMs }: Report) => virtualMs / 3_600_000,
  "heights decided": ({ heights }: Report) => heights,
  "messages sent": ({ messages }: Report) => messages,
  "crashes, each with the loss of what was not synced": ({ crashes }: Report) => crashes,
  "disks lost, with log and vote key": ({ lostDisks }: Report) => lostDisks,
  "hand-overs to another committee": ({ epochs }: Report) => epochs,
  "nodes that went on from a snapshot": ({ joins }: Report) => joins,
  "snapshots refused": ({ refusals }: Report) => refusals,
  "headers that light clients followed": ({ followed }: Report) => followed.believed,
  "headers that light clients refused": ({ followed }: Report) => followed.refused,
  "runs of 31 to 100 seats": ({ scenario }: Report) => (scenario.seats > 30 ? 1 : 0),
  "runs without a liar": ({ scenario }: Report) => (scenario.adversaries.size === 0 ? 1 : 0),
} satisfies Record<string, (report: Report) => number>;

/** A campaign in figures. */
export class Summary {
  runs = 0;
  forks = 0;
  readonly failures: Report[] = [];
  readonly #begun = performance.now();
  readonly #sums = new Map<string, number>();
  readonly #liars = new Map<AdversaryName, number>();

  add(report: Report): void {
    this.runs++;
    if (report.fork !== null) this.forks++;
    if (report.broken !== null) this.failures.push(report);
    for (const [name, of] of Object.entries(sums))
      this.#sums.set(name, (this.#sums.get(name) ?? 0) + of(report));
    for (const kind of new Set(report.scenario.adversaries.values()))
      this.#liars.set(kind, (this.#liars.get(kind) ?? 0) + 1);
  }

  get seconds(): number {
    return (performance.now() - this.#begun) / 1_000;
  }

  get line(): string {
    const of = (name: keyof typeof sums) => round(this.#sums.get(name) ?? 0);
    return [
      `${this.runs} seeds in ${this.seconds.toFixed(1)} s (${(this.runs / this.seconds).toFixed(0)} a second)`,
      `${of("virtual hours")} virtual hours`,
      `${of("heights decided")} heights`,
      `${of("crashes, each with the loss of what was not synced")} crashes`,
      `${of("hand-overs to another committee")} hand-overs`,
      `${of("nodes that went on from a snapshot")} joins`,
    ].join(", ");
  }

  /** A table in Markdown, to be pasted into `docs/simulation.md` as it is. */
  get table(): string {
    const [cpu] = cpus();
    const rows = [
      ["seeds", round(this.runs)],
      ["promises broken", round(this.failures.length)],
      ...[...this.#sums].map(([name, sum]) => [name, round(sum)]),
      ...adversaryNames.map((kind) => [`runs with ${kind}`, round(this.#liars.get(kind) ?? 0)]),
      ["wall time", `${(this.seconds / 60).toFixed(1)} min`],
      ["machine", `${availableParallelism()} × ${cpu?.model.trim() ?? "unknown"}`],
    ];
    return [
      "| of all runs | |",
      "|---|--:|",
      ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    ].join("\n");
  }
}

const round = (value: number): string => Math.round(value).toLocaleString("en");
