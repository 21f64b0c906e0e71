import type { NetworkPolicy } from "@meshwork/protocol";
import { payOfRun } from "./orders.ts";
import { trustPolicy } from "./population.ts";
import { type Outcome, World, type WorldOptions } from "./world.ts";

export type CompareOptions = Omit<WorldOptions, "isHonest">;

/** One adversary, and what the same keys would have had by honesty, under the same seed. */
export interface Comparison {
  adversary: string;
  cheating: Outcome;
  behaving: Outcome;
  /** Points that cheating gained; negative: lost. */
  gain: number;
  /** The same, when each run that was not done is worth all that it would have been paid. */
  gainWithSavedWork: number;
  tasks: number;
  missed: Bar[];
}

/** What must hold of every adversary. */
export type Bar =
  | "cheating loses points"
  | "cheating loses even with the work that it saves"
  | "a lie costs more than it saves"
  | "wrong results as predicted"
  | "no honest node suspended";

export function compare(options: CompareOptions): Comparison {
  const cheating = new World({ ...options, isHonest: false }).run();
  const behaving = behavingTwin(options);
  const gain = cheating.gained - behaving.gained;
  const saved = behaving.counts.gangRuns - cheating.counts.gangRuns;
  const policy: NetworkPolicy = { ...trustPolicy, ...options.policy };
  const comparison = {
    adversary: options.adversary.name,
    cheating,
    behaving,
    gain,
    gainWithSavedWork: gain + saved * payOfRun(policy),
    tasks: cheating.counts.tasks,
  };
  return { ...comparison, missed: missedBars(comparison) };
}

const twins = new Map<string, Outcome>();

/** Adversaries who bring the same keys have the same honest twin. */
function behavingTwin({ adversary, ...rest }: CompareOptions): Outcome {
  const arriving = adversary.arrives === undefined ? null : adversary.name;
  const key = JSON.stringify([adversary.share, arriving, rest], (_key, value) =>
    typeof value === "bigint" ? `${value}` : value,
  );
  const twin = twins.get(key) ?? new World({ ...rest, adversary, isHonest: true }).run();
  twins.set(key, twin);
  return twin;
}

/** Chance alone goes as far as this in one case of fifteen thousand. */
const SIGMAS = 4;

function missedBars(of: Omit<Comparison, "missed">): Bar[] {
  const { counts } = of.cheating;
  const { mean, variance } = counts.predicted;
  const isAsPredicted = Math.abs(counts.wrongAccepted - mean) <= SIGMAS * Math.sqrt(variance) + 0.5;
  const kept: Record<Bar, boolean> = {
    "cheating loses points": of.gain < 0,
    "cheating loses even with the work that it saves": of.gainWithSavedWork < 0,
    "a lie costs more than it saves": counts.lies === 0 || counts.worthOfLies < 0,
    "wrong results as predicted": isAsPredicted,
    "no honest node suspended": counts.harm.suspended + of.behaving.counts.harm.suspended === 0,
  };
  return (Object.keys(kept) as Bar[]).filter((bar) => !kept[bar]);
}
