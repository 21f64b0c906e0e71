import { type MutantName, mutants, rulesOf } from "../support/simulator/mutants.ts";
import { exploreVotes } from "./explore-votes.ts";

/** Every reachable state of the votes: four seats, one liar, three views, two blocks. */
const VIEWS = 3;
/** The mistakes that concern votes alone, and so must show here too. */
const VOTE_MUTANTS: readonly MutantName[] = [
  "quorum-too-small",
  "justification-skipped",
  "final-after-nullify",
];

let hasFailed = false;
for (const name of [null, ...VOTE_MUTANTS]) {
  const begun = performance.now();
  const rules = name === null ? undefined : rulesOf(mutants[name]);
  const { states, violation } = exploreVotes(VIEWS, rules);
  const seconds = ((performance.now() - begun) / 1_000).toFixed(1);
  const isAsExpected = (violation === null) === (name === null);
  hasFailed ||= !isAsExpected;
  console.log(
    `${name ?? "the rules"}: ${states.toLocaleString("en")} states in ${seconds} s, ` +
      (violation === null ? "no fork" : `a fork: ${violation}`) +
      (isAsExpected ? "" : "  <- UNEXPECTED"),
  );
}
process.exitCode = hasFailed ? 1 : 0;
