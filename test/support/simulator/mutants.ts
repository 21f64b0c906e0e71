import { type Effect, type Event, type Rules, simplexRules } from "@meshwork/consensus";
import type { PromiseName } from "../../sim/promises/index.ts";
import type { ScenarioOptions } from "./scenario.ts";

/** What a driver may do wrong. */
export interface DriverFaults {
  readonly keepsNoLog?: boolean;
  readonly sendsBeforeSync?: boolean;
  readonly prunesEarly?: boolean;
  readonly verifiesNothing?: boolean;
}

/** A protocol with one mistake in it. A simulator that does not notice is worth nothing. */
export interface Mutant {
  /** The promise that it breaks; the others are not watched. */
  readonly breaks: PromiseName | null;
  readonly rules?: Partial<Rules>;
  readonly driver?: DriverFaults;
  /** What becomes of a turn's effects. */
  readonly effects?: (event: Event, effects: readonly Effect[]) => readonly Effect[];
  /** Where to look for it. */
  readonly scenario?: ScenarioOptions;
}

export const faithful: Mutant = { breaks: null };

const withoutSending = (kind: string) => (_: Event, effects: readonly Effect[]) =>
  effects.filter(
    (effect) =>
      !((effect.kind === "send" || effect.kind === "broadcast") && effect.message.kind === kind),
  );

export const mutants = {
  "quorum-too-small": {
    breaks: "agreement",
    rules: { quorumOf: (seats) => Math.floor((2 * seats) / 3) },
  },
  "justification-skipped": {
    breaks: "agreement",
    rules: { isJustified: () => true },
    scenario: { adversary: "bad-justifier" },
  },
  "final-after-nullify": {
    breaks: "no-equivocation",
    rules: { mayFinalize: (own) => own.F === null, mayNullify: (own) => !own.X },
  },
  "no-log": { breaks: "no-equivocation", driver: { keepsNoLog: true } },
  "send-before-sync": { breaks: "no-equivocation", driver: { sendsBeforeSync: true } },
  "no-resend": {
    breaks: "liveness",
    effects: (event, effects) =>
      event.kind === "timer" && event.timer.kind === "tick"
        ? effects.filter(({ kind }) => kind === "setTimer" || kind === "cast")
        : effects,
  },
  "no-fetch": { breaks: "liveness", effects: withoutSending("block-request") },
  "no-certificate-repair": { breaks: "liveness", effects: withoutSending("certificate") },
  "capped-timeout": {
    breaks: "liveness",
    rules: { timeoutMs: (view, { baseTimeoutMs }) => baseTimeoutMs * Math.min(2, 1 + view / 2) },
  },
  "clock-unchecked": {
    breaks: "honest-time",
    rules: { isTimely: (time, { parentTime }) => time > parentTime },
    scenario: { adversary: "clock-liar" },
  },
  "signatures-unchecked": {
    breaks: "certificates",
    driver: { verifiesNothing: true },
    scenario: { adversary: "forger" },
  },
} satisfies Record<string, Mutant>;

export type MutantName = keyof typeof mutants;
export const mutantNames = Object.keys(mutants) as MutantName[];
export const rulesOf = (mutant: Mutant): Rules => ({ ...simplexRules, ...mutant.rules });
