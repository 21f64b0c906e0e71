import { describe, expect, test } from "vitest";
import { ofType, type Resource, synthesise } from "./synthesise.ts";

interface Statement {
  readonly role: string;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly condition: unknown;
}

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

/** What the roles of a deployment may do, each statement with its role: `api/GatewayDefinitionTaskRole…`. */
const rightsIn = (resources: readonly Resource[]): Statement[] =>
  ofType(resources, "IAM::Policy").flatMap(({ part, properties }) => {
    const { PolicyDocument, Roles } = properties as {
      PolicyDocument: { Statement: Record<string, unknown>[] };
      Roles: { Ref: string }[];
    };
    return PolicyDocument.Statement.map((statement) => ({
      role: `${part}/${Roles.map(({ Ref }) => Ref).join()}`,
      effect: String(statement.Effect),
      actions: listOf(statement.Action).map(String),
      resources: listOf(statement.Resource).map((resource) => JSON.stringify(resource)),
      condition: statement.Condition,
    }));
  });

const resources = synthesise({ validators: 2, flowLogs: true });
const rights = rightsIn(resources);
const of = (role: RegExp) => rights.filter((statement) => role.test(statement.role));

describe("no role", () => {
  test("may do everything of a kind", () => {
    expect(rights.length).toBeGreaterThan(10);
    const actions = rights.flatMap((statement) => statement.actions);
    expect(actions.filter((action) => action.includes("*"))).toEqual([]);
  });

  test("has a right over everything, but the two that know no resources", () => {
    const overAll = rights.filter((statement) => statement.resources.includes('"*"'));
    expect(new Set(overAll.flatMap(({ actions }) => actions))).toEqual(
      new Set(["ec2:DescribeNetworkInterfaces", "ecr:GetAuthorizationToken"]),
    );
  });

  test("may delete data, or lift a lock", () => {
    const actions = rights.flatMap((statement) => statement.actions);
    expect(actions.filter((action) => /delete|bypass|retention|legalhold/i.test(action))).toEqual(
      [],
    );
  });

  test("is AWS' idea of enough", () => {
    for (const { properties } of ofType(resources, "IAM::Role"))
      expect(properties.ManagedPolicyArns).toBeUndefined();
  });
});

describe("a relay", () => {
  test("has no right in AWS at all", () => {
    expect(of(/^relay\/.*TaskRole/)).toEqual([]);
  });
});

describe("the API", () => {
  const task = of(/^api\/.*TaskRole/);

  test("reads and writes objects below one prefix of each bucket", () => {
    const objects = task.filter(({ actions }) => actions.includes("s3:PutObject"));
    const named = objects.flatMap((statement) => statement.resources);
    expect(named).toHaveLength(2);
    expect(named.filter((name) => /Ledger.*\/snapshots\/\*"/.test(name))).toHaveLength(1);
    expect(named.filter((name) => /TaskData.*\/objects\/\*"/.test(name))).toHaveLength(1);
  });

  test("reads and writes anchors, one item at a time", () => {
    const anchors = task.filter(({ actions }) => actions.some((name) => /^dynamodb:/.test(name)));
    expect(new Set(anchors.flatMap(({ actions }) => actions))).toEqual(
      new Set(["dynamodb:GetItem", "dynamodb:PutItem"]),
    );
  });
});

describe("a validator", () => {
  test("reads snapshots and does not write them", () => {
    const task = of(/^validator\/.*TaskRole/);
    const writes = task
      .filter(({ actions }) => actions.some((action) => /Put|Update/.test(action)))
      .flatMap((statement) => statement.resources);
    expect(writes).toHaveLength(2);
    for (const resource of writes) expect(resource).toMatch(/TaskData/);
  });

  test("mounts its own folder, not its neighbour's", () => {
    const mounts = of(/^validator\/.*TaskRole/).filter(({ actions }) =>
      actions.includes("elasticfilesystem:ClientMount"),
    );
    const points = mounts.map(({ condition }) => JSON.stringify(condition));
    expect(mounts).toHaveLength(2);
    expect(new Set(points).size).toBe(2);
    for (const point of points) expect(point).toContain("elasticfilesystem:AccessPointArn");
  });
});

describe("who moves names", () => {
  test("may set the addresses of the relays' names, and change nothing else of the zone", () => {
    const change = of(/^relay\/Publisher/).find(({ actions }) =>
      actions.includes("route53:ChangeResourceRecordSets"),
    );
    expect(change?.resources.join()).toContain(":route53:::hostedzone/Z0123456789ABC");
    expect(change?.condition).toEqual({
      "ForAllValues:StringEquals": {
        "route53:ChangeResourceRecordSetsNormalizedRecordNames": [
          "relay-1.mesh.example.org",
          "relay-2.mesh.example.org",
        ],
        "route53:ChangeResourceRecordSetsRecordTypes": ["A"],
        "route53:ChangeResourceRecordSetsActions": ["UPSERT"],
      },
    });
  });
});

test("a secret is read by the one role that starts its member", () => {
  const readers = rights.filter(({ actions }) => actions.includes("secretsmanager:GetSecretValue"));
  const secrets = readers.flatMap((statement) => statement.resources);
  expect(secrets).toHaveLength(2 + 1 + 2);
  expect(new Set(secrets).size).toBe(secrets.length);
  for (const { role } of readers) expect(role).toMatch(/ExecutionRole/);
});
