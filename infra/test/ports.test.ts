import { describe, expect, test } from "vitest";
import { list, ofType, type Resource, synthesise } from "./synthesise.ts";

/** `tcp 443`, for every port that the whole world may reach in a part. */
const openTo = (world: string, resources: readonly Resource[], part: string) =>
  ofType(
    resources.filter((resource) => resource.part === part),
    "EC2::SecurityGroup",
  )
    .flatMap((group) => list(group, "SecurityGroupIngress"))
    .filter(({ CidrIp, CidrIpv6 }) => (CidrIp ?? CidrIpv6) === world)
    .map(({ IpProtocol, FromPort, ToPort }) =>
      FromPort === ToPort ? `${IpProtocol} ${FromPort}` : `${IpProtocol} ${FromPort}-${ToPort}`,
    )
    .sort();

const WORLD = "0.0.0.0/0";
const cheapest = synthesise({ validators: 2 });
const balanced = synthesise({ relays: 3, relayFront: "balancer", apiFront: "balancer" });

describe("the network", () => {
  test("has no NAT gateway, and reaches S3 and DynamoDB for free", () => {
    expect(ofType(cheapest, "EC2::NatGateway", "EC2::EIP")).toEqual([]);
    const endpoints = ofType(cheapest, "EC2::VPCEndpoint").map(({ properties }) => ({
      type: properties.VpcEndpointType,
      service: JSON.stringify(properties.ServiceName).match(/s3|dynamodb/)?.[0],
    }));
    expect(endpoints).toEqual([
      { type: "Gateway", service: "s3" },
      { type: "Gateway", service: "dynamodb" },
    ]);
  });

  test("is the same in every account and region: nothing was looked up", () => {
    const zones = ofType(cheapest, "EC2::Subnet").map(({ properties }) =>
      JSON.stringify(properties.AvailabilityZone),
    );
    expect(zones).toHaveLength(2);
    for (const zone of zones) expect(zone).toContain("Fn::GetAZs");
  });
});

describe("what the world may reach", () => {
  test("of relays at public addresses: TCP and WebSocket", () => {
    expect(openTo(WORLD, cheapest, "relay")).toEqual(["tcp 4001", "tcp 4002"]);
  });

  test("of the API and its proxy: HTTPS, and HTTP for ACME and redirects", () => {
    expect(openTo(WORLD, cheapest, "api")).toEqual(["tcp 443", "tcp 80"]);
  });

  test("of validators: TCP", () => {
    expect(openTo(WORLD, cheapest, "validator")).toEqual(["tcp 4001"]);
  });

  test("of data and files: nothing", () => {
    for (const part of ["network", "data", "cluster", "monitoring"])
      expect(openTo(WORLD, cheapest, part)).toEqual([]);
  });

  test("behind balancers: two ports a relay, and the same two of the API", () => {
    expect(openTo(WORLD, balanced, "relay")).toEqual(
      [
        ...["tcp 4001", "tcp 4002"],
        ...["tcp 4011", "tcp 4012"],
        ...["tcp 4021", "tcp 4022"],
      ].sort(),
    );
    expect(openTo(WORLD, balanced, "api")).toEqual(["tcp 443", "tcp 80"]);
  });

  test("is IPv4 alone: nothing is open by the other family by mistake", () => {
    for (const part of ["relay", "api"]) expect(openTo("::/0", balanced, part)).toEqual([]);
  });
});

describe("behind a balancer", () => {
  test("the API speaks plain HTTP to the balancer's group, and to nobody else", () => {
    const rules = ofType(balanced, "EC2::SecurityGroupIngress").filter(
      ({ part, properties }) => part === "api" && properties.FromPort === 8_080,
    );
    expect(rules).toHaveLength(1);
    expect(JSON.stringify(rules[0]?.properties.SourceSecurityGroupId)).toMatch(/BalancerGroup/);
  });

  test("HTTP is sent to HTTPS, and HTTPS has a certificate and a modern policy", () => {
    const listeners = ofType(balanced, "ElasticLoadBalancingV2::Listener").filter(
      ({ part }) => part === "api",
    );
    const [http, https] = [80, 443].map((port) =>
      listeners.find(({ properties }) => properties.Port === port),
    );
    expect(http?.properties.DefaultActions).toMatchObject([
      { Type: "redirect", RedirectConfig: { Protocol: "HTTPS", StatusCode: "HTTP_301" } },
    ]);
    expect(https?.properties.SslPolicy).toMatch(/TLS13/);
    expect(https?.properties.Certificates).toHaveLength(1);
    expect(listeners).toHaveLength(2);
  });

  test("relays still see the addresses of their peers", () => {
    const targets = ofType(balanced, "ElasticLoadBalancingV2::TargetGroup").filter(
      ({ part }) => part === "relay",
    );
    expect(targets).toHaveLength(6);
    for (const { properties } of targets)
      expect(properties.TargetGroupAttributes).toContainEqual({
        Key: "preserve_client_ip.enabled",
        Value: "true",
      });
  });
});

test("files are reached by the members that have folders, over NFS alone", () => {
  const rules = ofType(cheapest, "EC2::SecurityGroupIngress").filter(({ properties }) =>
    JSON.stringify(properties.GroupId).includes("Files"),
  );
  expect(rules.map(({ part }) => part)).toEqual(["api", "validator"]);
  for (const { properties } of rules)
    expect(properties).toMatchObject({ FromPort: 2_049, ToPort: 2_049, IpProtocol: "tcp" });
});
