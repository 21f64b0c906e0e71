import { describe, expect, test } from "vitest";
import { list, ofType, only, type Resource, synthesise } from "./synthesise.ts";

const resources = synthesise({ relays: 20, validators: 4 });
const services = ofType(resources, "ECS::Service");
const tasks = ofType(resources, "ECS::TaskDefinition");
const containers = tasks.flatMap((task) => list(task, "ContainerDefinitions"));
const members = containers.filter(({ Name }) => Name === "Member");

const taskOf = (service: Resource) =>
  only(
    tasks.filter(
      ({ part, id }) =>
        part === service.part && (service.properties.TaskDefinition as { Ref: string }).Ref === id,
    ),
  );

const secretsOf = (container: Record<string, unknown>) =>
  container.Secrets as { Name: string; ValueFrom: object }[];

/** The export of the data stack from which a secret's ARN comes. */
const sourceOf = (value: object) => JSON.stringify(value).match(/Identity\w+?Secret\w{8}/)?.[0];

describe("two tasks never share a key, and so no PeerId", () => {
  test("each member has a secret of its own, and none but its own", () => {
    const owners = members.map((member) => {
      const sources = new Set(secretsOf(member).map(({ ValueFrom }) => sourceOf(ValueFrom)));
      return only([...sources]);
    });
    expect(owners).toHaveLength(20 + 1 + 4);
    expect(owners).not.toContain(undefined);
    expect(new Set(owners).size).toBe(owners.length);
  });

  test("each member has a service of its own, with a task of its own", () => {
    expect(services).toHaveLength(members.length);
    expect(new Set(services.map(taskOf)).size).toBe(services.length);
    const names = services.map(({ properties }) => properties.ServiceName);
    expect(new Set(names).size).toBe(services.length);
  });

  test("the old task has stopped before the new one starts", () => {
    for (const { properties } of services)
      expect(properties).toMatchObject({
        DesiredCount: 1,
        AvailabilityZoneRebalancing: "DISABLED",
        DeploymentConfiguration: { MinimumHealthyPercent: 0, MaximumPercent: 100 },
      });
  });
});

describe("every container", () => {
  test("is not root, cannot write its root, has no capability but low ports, and has a log", () => {
    expect(containers).toHaveLength(members.length + 1);
    for (const container of containers) {
      expect(container).toMatchObject({
        User: "1000:1000",
        ReadonlyRootFilesystem: true,
        LogConfiguration: { LogDriver: "awslogs" },
      });
      expect(container.Privileged).toBeUndefined();
      expect(container.LinuxParameters).toMatchObject({
        Capabilities: {
          Drop:
            container.Name === "Member"
              ? ["ALL"]
              : expect.not.arrayContaining(["NET_BIND_SERVICE"]),
        },
      });
    }
  });

  test("is for ARM, on the platform that has durable volumes", () => {
    for (const { properties } of tasks)
      expect(properties.RuntimePlatform).toEqual({
        CpuArchitecture: "ARM64",
        OperatingSystemFamily: "LINUX",
      });
    for (const { properties } of services) expect(properties.PlatformVersion).toBe("1.4.0");
  });

  test("has no way in for a debugger", () => {
    for (const { properties } of services) expect(properties.EnableExecuteCommand).toBe(false);
  });
});

test("keys come from Secrets Manager, and no setting looks like one", () => {
  for (const member of members) {
    const names = secretsOf(member).map(({ Name }) => Name);
    expect(names).toEqual(
      expect.arrayContaining(["IDENTITY_KEYSTORE", "IDENTITY_PASSPHRASE", "IDENTITY_GENESIS"]),
    );
    const settings = (member.Environment as { Name: string }[]).map(({ Name }) => Name);
    expect(settings.filter((name) => !name.startsWith("MESHWORK_"))).toEqual([]);
    expect(settings.filter((name) => names.includes(name))).toEqual([]);
  }
});

test("the API and validators keep their folders, each its own; relays keep nothing", () => {
  const volumes = tasks.flatMap((task) =>
    list(task, "Volumes")
      .filter(({ EFSVolumeConfiguration }) => EFSVolumeConfiguration !== undefined)
      .map(({ EFSVolumeConfiguration }) => ({ part: task.part, EFSVolumeConfiguration })),
  );
  expect(volumes.map(({ part }) => part)).toEqual(["api", "api", ...Array(4).fill("validator")]);
  for (const { EFSVolumeConfiguration } of volumes)
    expect(EFSVolumeConfiguration).toMatchObject({
      TransitEncryption: "ENABLED",
      AuthorizationConfig: { IAM: "ENABLED" },
    });
  const paths = ofType(resources, "EFS::AccessPoint").map(
    ({ properties }) => (properties.RootDirectory as { Path: string }).Path,
  );
  expect(new Set(paths).size).toBe(volumes.length);
});

describe("a name that follows its task", () => {
  const rules = ofType(resources, "Events::Rule");
  const described = rules.map(({ properties }) => properties.Description);

  test("is there for each relay and for the API", () => {
    const relays = Array.from({ length: 20 }, (_, index) => `relay-${index + 1}`);
    expect(described.sort()).toEqual(
      [...relays, "api"].map((name) => `${name}.mesh.example.org follows meshwork-${name}`).sort(),
    );
  });

  test("is listened for before the first task starts", () => {
    for (const { id, part, properties } of rules) {
      const [group] = (properties.EventPattern as { detail: { group: string[] } }).detail.group;
      const service = only(
        services.filter((one) => `service:${one.properties.ServiceName}` === group),
      );
      expect(service.part).toBe(part);
      expect(service.dependsOn).toContain(id);
    }
  });

  test("is what the relay announces to its peers", () => {
    const relay = members.find(({ Command }) => JSON.stringify(Command).includes("relay.mjs"));
    expect(relay?.Environment).toContainEqual({
      Name: "MESHWORK_ANNOUNCE",
      Value: "/dns4/relay-1.mesh.example.org/tcp/4001,/dns4/relay-1.mesh.example.org/tcp/4002/ws",
    });
  });
});

test("without a domain the balancer's own name is announced, at ports of each relay's own", () => {
  const nameless = synthesise({
    domain: undefined,
    hostedZoneId: undefined,
    relayFront: "balancer",
    api: false,
  });
  const announced = ofType(nameless, "ECS::TaskDefinition")
    .flatMap((task) => list(task, "ContainerDefinitions"))
    .flatMap(({ Environment }) => Environment as { Name: string; Value: object }[])
    .filter(({ Name }) => Name === "MESHWORK_ANNOUNCE")
    .map(({ Value }) => JSON.stringify(Value));
  expect(announced).toHaveLength(2);
  expect(announced[0]).toMatch(/\/dns4\/.*"DNSName".*\/tcp\/4001,.*\/tcp\/4002\/ws/);
  expect(announced[1]).toMatch(/\/dns4\/.*"DNSName".*\/tcp\/4011,.*\/tcp\/4012\/ws/);
  expect(ofType(nameless, "Route53::RecordSet", "Lambda::Function")).toEqual([]);
});
