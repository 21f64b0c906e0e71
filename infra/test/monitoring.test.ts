import { describe, expect, test } from "vitest";
import { ofType, only, synthesise } from "./synthesise.ts";

const resources = synthesise({ validators: 1, snapshotMaxAgeHours: 5 });
const alarms = ofType(resources, "CloudWatch::Alarm").map(({ properties }) => properties);
const filters = ofType(resources, "Logs::MetricFilter").map(
  ({ properties }) =>
    properties as { FilterPattern: string; MetricTransformations: Record<string, unknown>[] },
);
const alarm = (name: string) => only(alarms.filter(({ MetricName }) => MetricName === name));

describe("an alarm is raised", () => {
  test.each(["relay-1", "relay-2", "api", "validator-1"])("when %s falls silent", (member) => {
    expect(alarm(`${member}.Pulses`)).toMatchObject({
      Namespace: "Meshwork/meshwork",
      Statistic: "Sum",
      Period: 300,
      Threshold: 1,
      ComparisonOperator: "LessThanThreshold",
      TreatMissingData: "breaching",
    });
  });

  test("when no block was made for five minutes", () => {
    expect(alarm("api.blockAgeSeconds")).toMatchObject({
      Statistic: "Minimum",
      Threshold: 300,
      ComparisonOperator: "GreaterThanThreshold",
    });
  });

  test("when the newest snapshot is older than the configuration allows", () => {
    expect(alarm("api.snapshotAgeSeconds")).toMatchObject({ Threshold: 5 * 3_600 });
  });

  test("when a name could not follow its task", () => {
    const errors = alarms.filter(({ MetricName }) => MetricName === "Errors");
    expect(errors).toHaveLength(2);
  });

  test("to the topic, which takes messages over TLS only", () => {
    expect(alarms.length).toBe(4 + 2 + 2);
    for (const { AlarmActions } of alarms) expect(AlarmActions).toHaveLength(1);
    const policy = JSON.stringify(only(ofType(resources, "SNS::TopicPolicy")).properties);
    expect(policy).toContain('"aws:SecureTransport":"false"');
  });
});

test("metrics are read from the pulse in each member's own log", () => {
  const transformed = filters.map(({ FilterPattern, MetricTransformations }) => ({
    FilterPattern,
    value: only(MetricTransformations).MetricValue,
  }));
  const pulse = '($.message = "pulse")';
  expect(transformed).toHaveLength(6);
  expect(transformed).toContainEqual({ FilterPattern: `{ ${pulse.slice(1, -1)} }`, value: "1" });
  expect(transformed).toContainEqual({
    FilterPattern: `{ ${pulse} && ($.blockAgeSeconds >= 0) }`,
    value: "$.blockAgeSeconds",
  });
});

test("without an API the first validator is asked for blocks; who asks for mail gets it", () => {
  const others = synthesise({ api: false, validators: 2, alarmEmail: "ops@example.org" });
  const names = ofType(others, "CloudWatch::Alarm").map(({ properties }) => properties.MetricName);
  expect(names).toContain("validator-1.blockAgeSeconds");
  expect(only(ofType(others, "SNS::Subscription")).properties).toMatchObject({
    Protocol: "email",
    Endpoint: "ops@example.org",
  });
});
