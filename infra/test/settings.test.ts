import { expect, test } from "vitest";
import { readConfig as readApi } from "../../api/src/config.ts";
import { readConfig as readNode } from "../../edge-node/src/config.ts";
import { readConfig as readRelay } from "../../relay/src/config.ts";
import { list, ofType, synthesise } from "./synthesise.ts";

type Environment = Readonly<Record<string, string>>;

/** What an operator stores under `relays` and `invite`. */
const stored: Environment = {
  MESHWORK_RELAYS: "/dns4/relay-1.mesh.example.org/tcp/4001/p2p/12D3KooW",
  MESHWORK_INVITE: "meshwork-invite-1:",
};

/** By the program that is started: its environment, once the start script has run. */
function environments(options: object): Map<string, Environment> {
  const members = ofType(synthesise(options), "ECS::TaskDefinition")
    .flatMap((task) => list(task, "ContainerDefinitions"))
    .filter(({ Name }) => Name === "Member");
  return new Map(
    members.map(({ Command, Environment, Secrets }) => [
      (Command as string[])[1] ?? "",
      Object.fromEntries([
        ...(Environment as { Name: string; Value: unknown }[]).map(({ Name, Value }) => [
          Name,
          deployed(Value),
        ]),
        ...(Secrets as { Name: string }[])
          .filter(({ Name }) => Name in stored)
          .map(({ Name }) => [Name, stored[Name]]),
      ]),
    ]),
  );
}

/** A name, a region: known when deployed. */
function deployed(value: unknown): string {
  if (typeof value === "string") return value;
  const { "Fn::Join": join } = Object(value) as { "Fn::Join"?: [string, unknown[]] };
  return join ? join[1].map(deployed).join(join[0]) : "known-later";
}

const readers = new Map<string, (environment: Environment) => unknown>([
  ["relay/bin/relay.mjs", readRelay],
  ["edge-node/bin/edge-node.mjs", readNode],
  ["api/bin/api.mjs", (environment) => readNode({ ...readApi(environment).nodeEnvironment })],
]);

test.each([
  ["by default", { validators: 1 }],
  ["behind balancers", { relayFront: "balancer", apiFront: "balancer", validators: 1 }],
])("every program takes the settings that its task gives it (%s)", (_, options) => {
  const given = environments(options);
  expect([...given.keys()].sort()).toEqual([...readers.keys()].sort());
  for (const [entry, environment] of given)
    expect(() => readers.get(entry)?.(environment), entry).not.toThrow();
});

test("a proxy in the task reaches the API on loopback, a balancer over the network", () => {
  const hostWith = (options: object) => readApi(environments(options).get("api/bin/api.mjs") ?? {});
  expect(hostWith({})).toMatchObject({ host: "127.0.0.1", port: 8_080, trustProxy: true });
  expect(hostWith({ apiFront: "balancer" })).toMatchObject({ host: "0.0.0.0", trustProxy: true });
});

test.each(["edge-node/bin/edge-node.mjs", "api/bin/api.mjs"])(
  "%s keeps its data in the deployed stores",
  (entry) => {
    expect(environments({ validators: 1 }).get(entry)).toMatchObject({
      MESHWORK_TASK_DATA: "s3://known-later/objects",
      MESHWORK_SNAPSHOTS: "s3://known-later/snapshots",
      MESHWORK_ANCHORS: "dynamodb://known-later",
    });
  },
);
