import { describe, expect, test } from "vitest";
import { type MutantName, mutantNames, mutants } from "../support/simulator/mutants.ts";
import { simulate } from "../support/simulator/simulate.ts";

/**
 * A seed that kills each mutant. It belongs to the protocol as it is: after a change to the replica
 * or the simulator, `npm run sim -- --mutant NAME` finds another.
 */
const killers: Record<MutantName, number> = {
  "quorum-too-small": 2,
  "justification-skipped": 3,
  "final-after-nullify": 1,
  "no-log": 3,
  "send-before-sync": 20,
  "early-prune": 41,
  "certificates-not-logged": 72,
  "no-resend": 1,
  "no-certificate-repair": 1,
  "capped-timeout": 3,
  "clock-unchecked": 3,
  "time-may-fall": 6,
  "header-only-hash": 2,
  "execution-skipped": 1,
  "demand-by-all-pending": 2,
  "rotation-without-window": 1,
  "rotation-of-half": 1,
  "base-not-told": 422,
  "evidence-not-carried": 1,
  "evidence-unchecked": 1,
  "vote-key-from-backup": 1,
  "hand-over-unchecked": 1,
  "older-head-believed": 1,
  "older-snapshot-taken": 1,
  "snapshot-root-unchecked": 3,
  "snapshot-certificate-unchecked": 18,
  "signatures-unchecked": 1,
};

describe("the simulator notices a protocol with", () => {
  test.each(mutantNames)("%s", (name) => {
    const seed = killers[name];
    const { broken } = simulate(seed, { mutant: mutants[name] });
    expect(broken?.promise).toBe(mutants[name].breaks);
  });
});
