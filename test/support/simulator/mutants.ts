import {
  type Application,
  type Effect,
  type Event,
  type Rules,
  simplexRules,
} from "@meshwork/consensus";
import type { PromiseName } from "../../sim/promises/index.ts";
import type { TrustRules } from "./hand-over.ts";
import type { NetworkFaults, ScenarioOptions } from "./scenario.ts";
import { hashHeader, type ToyLedger } from "./toy-ledger.ts";
import type { ToyRules } from "./toy-state.ts";

/** What a driver may do wrong. */
export interface DriverFaults {
  readonly keepsNoLog?: boolean;
  readonly sendsBeforeSync?: boolean;
  readonly prunesEarly?: boolean;
  readonly logsOnlyVotes?: boolean;
  readonly verifiesNothing?: boolean;
  /** As one does who restores a vote key from a backup. */
  readonly keepsKeysOnLoss?: boolean;
  readonly keepsEvidence?: boolean;
  /** Tells nobody that the block of its snapshot was decided. */
  readonly keepsBase?: boolean;
}

/** A protocol with one mistake in it. A simulator that does not notice is worth nothing. */
export interface Mutant {
  /** The promise that it breaks; the others are not watched. */
  readonly breaks: PromiseName | null;
  readonly rules?: Partial<Rules>;
  readonly driver?: DriverFaults;
  /** How committees change. */
  readonly epochs?: Partial<ToyRules>;
  /** What newcomers and light clients make sure of. */
  readonly trust?: Partial<TrustRules>;
  /** In place of parts of the ledger's. */
  readonly application?: (ledger: ToyLedger) => Partial<Application>;
  /** What becomes of a turn's effects. */
  readonly effects?: (event: Event, effects: readonly Effect[]) => readonly Effect[];
  /** Where to look for it. */
  readonly scenario?: ScenarioOptions;
}

export const faithful: Mutant = { breaks: null };

const LOSSY: NetworkFaults = { drop: 0.3, duplicate: 0.05, delay: [5, 400], healed: [10, 40] };
const SLOW_DISKS: ScenarioOptions = {
  fixed: { seats: 4, slowestSyncMs: 300, chaosPauseMs: 500, network: { ...LOSSY, drop: 0.1 } },
};

/** Epochs follow each other fast, and there are nodes to take seats. */
const ROTATING: ScenarioOptions = {
  fixed: { seats: 4, spares: 3, lateStarters: 0, epochMs: 1_500, windowBlocks: 3, paceMs: 200 },
};
const JOINING: ScenarioOptions = {
  adversary: "false-archivist",
  fixed: { ...ROTATING.fixed, lateStarters: 2, snapshotEvery: 1 },
};

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
    scenario: { adversary: "bad-justifier", fixed: { seats: 4, network: LOSSY } },
  },
  "final-after-nullify": {
    breaks: "no-equivocation",
    rules: { mayFinalize: (own) => own.F === null, mayNullify: (own) => !own.X },
  },
  "no-log": { breaks: "no-equivocation", driver: { keepsNoLog: true } },
  "send-before-sync": {
    breaks: "no-equivocation",
    driver: { sendsBeforeSync: true },
    scenario: SLOW_DISKS,
  },
  "early-prune": {
    breaks: "no-equivocation",
    driver: { prunesEarly: true },
    scenario: SLOW_DISKS,
  },
  "certificates-not-logged": { breaks: "liveness", driver: { logsOnlyVotes: true } },
  "no-resend": {
    breaks: "liveness",
    effects: (event, effects) =>
      event.kind === "timer" && event.timer.kind === "tick"
        ? effects.filter(({ kind }) => kind === "setTimer" || kind === "cast")
        : effects,
  },
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
  "time-may-fall": {
    breaks: "honest-time",
    rules: {
      isTimely: (time, { now, view }, settings) =>
        simplexRules.isTimely(time, { parentTime: 0, now, view }, settings),
    },
    scenario: { adversary: "clock-liar" },
  },
  "header-only-hash": {
    breaks: "state-roots",
    application: () => ({ hashOf: ({ header }) => hashHeader(header) }),
    scenario: { adversary: "body-swapper" },
  },
  "execution-skipped": {
    breaks: "state-roots",
    application: () => ({ checkBlock: () => true }),
    scenario: { adversary: "bad-executor" },
  },
  "demand-by-all-pending": {
    breaks: "idle",
    application: ({ pool }) => ({ demand: () => pool.size > 0 }),
  },
  "rotation-without-window": {
    breaks: "rotation",
    epochs: { windowBlocks: 0 },
    scenario: ROTATING,
  },
  "rotation-of-half": {
    breaks: "rotation",
    epochs: { mostChanges: (seats) => Math.ceil(seats / 2) },
    scenario: ROTATING,
  },
  "base-not-told": {
    breaks: "liveness",
    driver: { keepsBase: true },
    scenario: {
      adversary: "silent",
      fixed: { seats: 4, snapshotEvery: 1, chaosPauseMs: 500, network: LOSSY },
    },
  },
  "evidence-not-carried": { breaks: "conviction", driver: { keepsEvidence: true } },
  "evidence-unchecked": {
    breaks: "conviction",
    epochs: { isProven: () => true },
    scenario: { adversary: "slanderer" },
  },
  "vote-key-from-backup": {
    breaks: "no-equivocation",
    driver: { keepsKeysOnLoss: true },
    scenario: {
      fixed: {
        seats: 4,
        adversaries: new Map(),
        diskLossShare: 1,
        snapshotEvery: 1,
        chaosPauseMs: 500,
        network: LOSSY,
      },
    },
  },
  "hand-over-unchecked": {
    breaks: "light-client",
    trust: { isAnnounced: () => true },
    scenario: JOINING,
  },
  "older-head-believed": {
    breaks: "light-client",
    trust: { isNewer: () => true },
    scenario: JOINING,
  },
  "older-snapshot-taken": {
    breaks: "chain",
    trust: { isNewer: () => true },
    scenario: JOINING,
  },
  "snapshot-root-unchecked": {
    breaks: "state-roots",
    trust: { isStateOf: () => true },
    scenario: JOINING,
  },
  "snapshot-certificate-unchecked": {
    breaks: "agreement",
    trust: { isCertified: () => true },
    scenario: JOINING,
  },
  "signatures-unchecked": {
    breaks: "certificates",
    driver: { verifiesNothing: true },
    scenario: { adversary: "forger" },
  },
} satisfies Record<string, Mutant>;

export type MutantName = keyof typeof mutants;
export const mutantNames = Object.keys(mutants) as MutantName[];

/** The ledger as this mutant has it, for a node whose tactics have perhaps changed it already. */
export function mutate(whole: Application, mutant: Mutant, ledger: ToyLedger): Application {
  if (mutant.application === undefined) return whole;
  return {
    hashOf: (block) => whole.hashOf(block),
    buildBlock: (at) => whole.buildBlock(at),
    checkBlock: (block, at) => whole.checkBlock(block, at),
    demand: (now) => whole.demand(now),
    ...mutant.application(ledger),
  };
}
export const rulesOf = (mutant: Mutant): Rules => ({ ...simplexRules, ...mutant.rules });
