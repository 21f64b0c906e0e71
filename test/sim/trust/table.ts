import type { Comparison } from "./compare.ts";

const HEAD = [
  "adversary",
  "keys",
  "tasks",
  "places",
  "lies",
  "wrong accepted",
  "predicted",
  "gain, points",
  "gain with saved work",
  "worth of a lie",
  "caught",
  "lies until caught",
  "honest suspended",
  "honest bonds burnt",
];

/** A table in Markdown, to be pasted into `docs/trust.md` as it is. */
export function tableOf(comparisons: readonly Comparison[]): string {
  const rows = comparisons.map(rowOf);
  return [HEAD, HEAD.map((_, i) => (i === 0 ? "---" : "--:")), ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function rowOf({ adversary, cheating, gain, gainWithSavedWork, tasks }: Comparison): string[] {
  const { counts, gangKeys } = cheating;
  const { mean, variance } = counts.predicted;
  const caught = counts.liesUntilCaught;
  return [
    adversary,
    number(gangKeys),
    number(tasks),
    `${((100 * counts.gangPlaces) / counts.places).toFixed(1)} %`,
    number(counts.lies),
    number(counts.wrongAccepted),
    `${mean.toFixed(1)} ± ${Math.sqrt(variance).toFixed(1)}`,
    number(gain),
    number(gainWithSavedWork),
    counts.lies === 0 ? "–" : (counts.worthOfLies / counts.lies).toFixed(1),
    number(caught.length),
    caught.length === 0 ? "–" : median(caught).toFixed(0),
    number(counts.harm.suspended),
    number(counts.harm.bonds),
  ];
}

const number = (value: number): string => Math.round(value).toLocaleString("en");

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
