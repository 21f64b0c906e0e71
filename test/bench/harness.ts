import { cpus } from "node:os";

/**
 * How a bench measures: each measurement and its baseline take turns in one run, so that a busy
 * machine slows both, and the median of the turns counts.
 */
export interface BenchRow {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** The same unit, from the same run; null where there is nothing to hold it against. */
  readonly baseline: number | null;
  readonly ratio: number | null;
  /** The design's word: `>= 0.8 of the baseline`, `<= 50 ms`. */
  readonly bar: string | null;
  /** Null when there is no bar, or the baseline is missing. */
  readonly met: boolean | null;
}

export interface BenchReport {
  readonly bench: string;
  readonly node: string;
  readonly cpus: string;
  readonly rows: readonly BenchRow[];
  /** What could not be measured here, and what to install. */
  readonly missing: readonly string[];
}

export interface Bench {
  readonly name: string;
  /** One sentence for `npm run bench`. */
  readonly about: string;
  run(): Promise<{ rows: BenchRow[]; missing?: string[] }>;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** By linear interpolation between the two nearest. */
export function quantile(values: readonly number[], share: number): number {
  if (values.length === 0) throw new RangeError("no values, no quantile");
  const sorted = values.toSorted((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(at)] as number, sorted[Math.ceil(at)] as number];
  return low + (high - low) * (at - Math.floor(at));
}

/**
 * Runs every subject once a round, in order, and gives the median of each. A subject's number is
 * whatever it returns: operations a second, milliseconds.
 */
export async function interleave<Name extends string>(
  subjects: Readonly<Record<Name, () => number | Promise<number>>>,
  rounds: number,
): Promise<Record<Name, number>> {
  const names = Object.keys(subjects) as Name[];
  const samples = new Map<Name, number[]>(names.map((name) => [name, []]));
  // The first round only warms caches and compilers up.
  for (let round = -1; round < rounds; round++)
    for (const name of names) {
      const value = await subjects[name]();
      if (round >= 0) samples.get(name)?.push(value);
    }
  const medians = names.map((name) => [name, median(samples.get(name) ?? [])] as const);
  return Object.fromEntries(medians) as Record<Name, number>;
}

/** Operations a second of a synchronous function, over about `durationMs`. */
export function operationsPerSecond(operation: () => unknown, durationMs: number): number {
  const start = performance.now();
  let count = 0;
  let elapsed: number;
  do {
    for (let i = 0; i < 16; i++) operation();
    count += 16;
    elapsed = performance.now() - start;
  } while (elapsed < durationMs);
  return (count / elapsed) * 1_000;
}

export interface Bar {
  /** What the number, or its ratio to the baseline when there is one, must reach. */
  readonly atLeast?: number;
  readonly atMost?: number;
}

export function row(
  measured: { metric: string; value: number; unit: string; baseline?: number | null },
  bar: Bar = {},
): BenchRow {
  const { metric, value, unit, baseline = null } = measured;
  const ratio = baseline === null ? null : value / baseline;
  const judged = "baseline" in measured ? ratio : value;
  const what = "baseline" in measured ? " × baseline" : ` ${unit}`;
  const words = [
    ...(bar.atLeast === undefined ? [] : [`>= ${bar.atLeast}${what}`]),
    ...(bar.atMost === undefined ? [] : [`<= ${bar.atMost}${what}`]),
  ];
  const met =
    words.length === 0 || judged === null
      ? null
      : judged >= (bar.atLeast ?? Number.NEGATIVE_INFINITY) &&
        judged <= (bar.atMost ?? Number.POSITIVE_INFINITY);
  return { metric, value, unit, baseline, ratio, bar: words.join(", ") || null, met };
}

export async function report(bench: Bench): Promise<BenchReport> {
  const { rows, missing = [] } = await bench.run();
  const [cpu] = cpus();
  return {
    bench: bench.name,
    node: process.version,
    cpus: `${cpus().length} × ${cpu?.model.trim() ?? "unknown"}`,
    rows,
    missing,
  };
}

export function formatReport({ bench, node, cpus: machine, rows, missing }: BenchReport): string {
  const verdict = { true: "met", false: "MISSED", null: "" };
  const table = [
    ["metric", "value", "unit", "baseline", "ratio", "bar", ""],
    ...rows.map((one) => [
      one.metric,
      short(one.value),
      one.unit,
      one.baseline === null ? "" : short(one.baseline),
      one.ratio === null ? "" : one.ratio.toFixed(2),
      one.bar ?? "",
      verdict[`${one.met}`],
    ]),
  ];
  const widths = table[0]?.map((_, column) =>
    Math.max(...table.map((line) => line[column]?.length ?? 0)),
  );
  const lines = table.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return [
    `${bench} (Node ${node}, ${machine})`,
    "",
    ...lines,
    ...missing.map((text) => `! ${text}`),
  ].join("\n");
}

const short = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
