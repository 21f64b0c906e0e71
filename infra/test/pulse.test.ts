import { systemClock } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { createLog, type Pulse, startPulse } from "../../shared/observability/src/index.ts";
import { ofType, only, synthesise } from "./synthesise.ts";

const filters = ofType(synthesise({ validators: 1 }), "Logs::MetricFilter");

/** What the metric filters of a deployment read from a line: by metric, its value. */
function metricsIn(line: Record<string, unknown>): Record<string, number> {
  const found: Record<string, number> = {};
  for (const { properties } of filters) {
    const { FilterPattern, MetricTransformations } = properties as {
      FilterPattern: string;
      MetricTransformations: { MetricName: string; MetricValue: string }[];
    };
    const { MetricName, MetricValue } = only(MetricTransformations);
    if (!matches(FilterPattern, line)) continue;
    found[MetricName] = Number(
      MetricValue.startsWith("$.") ? line[MetricValue.slice(2)] : MetricValue,
    );
  }
  return found;
}

/** The part of CloudWatch's language that `member-alarms` uses; another part is refused. */
function matches(pattern: string, line: Record<string, unknown>): boolean {
  const terms = pattern.replace(/^\{ | \}$/g, "").split(" && ");
  return terms.every((term) => {
    const [, field = "", operator, operand = ""] =
      /^\(?\$\.(\w+) (=|>=) ("[^"]*"|\d+)\)?$/.exec(term) ?? [];
    if (operator === "=") return line[field] === JSON.parse(operand);
    if (operator === ">=") return typeof line[field] === "number" && line[field] >= Number(operand);
    throw new Error(`this test does not know the term ${term}`);
  });
}

function lineOf(pulse: Pulse): Record<string, unknown> {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ level: "info", write: (line) => lines.push(JSON.parse(line)) });
  startPulse({ clock: systemClock, log }, () => pulse)();
  return only(lines);
}

test("the alarms hear the pulse of every program, and the ages that it knows", () => {
  expect(metricsIn(lineOf({}))).toEqual({
    "relay-1.Pulses": 1,
    "relay-2.Pulses": 1,
    "api.Pulses": 1,
    "validator-1.Pulses": 1,
  });
  const hourAgo = systemClock.now() - 3_600_000;
  const known = metricsIn(lineOf({ blockTime: hourAgo, snapshotTime: hourAgo - 5_000 }));
  expect(known["api.blockAgeSeconds"]).toBeCloseTo(3_600, -1);
  expect(known["api.snapshotAgeSeconds"]).toBeCloseTo(3_605, -1);
});

test("the alarms hear nothing else that a program says", () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog({ level: "info", write: (line) => lines.push(JSON.parse(line)) });
  log.info("ready", { blockAgeSeconds: 1 });
  expect(metricsIn(only(lines))).toEqual({});
});
