import { expect, test } from "vitest";
import { simulate } from "../support/simulator/simulate.ts";

test("when more than a third lie and the chain forks, a third is convicted and no honest seat", () => {
  const reports = Array.from({ length: 60 }, (_, i) => simulate(1 + i, { isOverThreshold: true }));
  expect(reports.flatMap(({ broken }) => broken?.text ?? [])).toEqual([]);
  // Were there no forks, nothing would have been shown.
  expect(reports.filter(({ fork }) => fork !== null).length).toBeGreaterThanOrEqual(2);
});
