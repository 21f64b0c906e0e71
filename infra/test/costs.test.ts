import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { estimate, totalOf } from "../lib/costs/estimate.ts";
import { page, pageWith } from "./cost-page.ts";
import { costTables } from "./costs.ts";
import { synthesise } from "./synthesise.ts";

describe("the costs in the docs", () => {
  test("are those of what is synthesised (else: node infra/test/write-costs.ts)", () => {
    expect(readFileSync(page, "utf8")).toBe(pageWith(costTables()));
  });

  test("stay those of a small bill: two relays and an API below 40 dollars", () => {
    expect(totalOf(estimate(synthesise()))).toBeLessThan(40);
  });

  test("grow with each relay by a task, an address, a secret, a metric and an alarm", () => {
    const [two, three] = [2, 3].map((relays) => totalOf(estimate(synthesise({ relays }))));
    expect((three ?? 0) - (two ?? 0)).toBeCloseTo(7.21 + 3.65 + 0.4 + 0.3 + 0.1, 1);
  });

  test("leave no resource out that is billed by the hour", () => {
    const gateway = { part: "network", id: "Nat", type: "AWS::EC2::NatGateway", properties: {} };
    expect(() => estimate([gateway])).toThrow("what does AWS::EC2::NatGateway cost?");
    const unknown = { part: "x", id: "X", type: "AWS::RDS::DBInstance", properties: {} };
    expect(() => estimate([unknown])).toThrow("what does AWS::RDS::DBInstance cost?");
  });
});
