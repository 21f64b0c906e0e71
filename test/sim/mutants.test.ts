import { describe, expect, test } from "vitest";
import { type MutantName, mutantNames, mutants } from "../support/simulator/mutants.ts";
import { simulate } from "../support/simulator/simulate.ts";

/**
 * A seed that kills each mutant. It belongs to the protocol as it is: after a change to the replica
 * or the simulator, `npm run sim -- --mutant NAME` finds another.
 */
const killers: Record<MutantName, number> = {
  "quorum-too-small": 7,
  "justification-skipped": 5,
  "final-after-nullify": 1,
  "no-log": 1,
  "send-before-sync": 10,
  "early-prune": 11,
  "certificates-not-logged": 17,
  "no-resend": 1,
  "no-certificate-repair": 1,
  "capped-timeout": 13,
  "clock-unchecked": 2,
  "time-may-fall": 7,
  "header-only-hash": 4,
  "execution-skipped": 3,
  "demand-by-all-pending": 2,
  "signatures-unchecked": 1,
};

describe("the simulator notices a protocol with", () => {
  test.each(mutantNames)("%s", (name) => {
    const seed = killers[name];
    const { broken } = simulate(seed, { mutant: mutants[name] });
    expect(broken?.promise).toBe(mutants[name].breaks);
  });
});
