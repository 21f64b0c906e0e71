import { HOURS, prices } from "./prices.ts";

/** A resource of a synthesised template. */
export interface PricedResource {
  /** Its stack. */
  readonly part: string;
  readonly id: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

export interface CostLine {
  readonly what: string;
  readonly count: number;
  /** US dollars a month, all of them. */
  readonly monthly: number;
}

/** What costs nothing, or only by use. A type that is neither here nor priced is a question to us. */
const FREE = [
  "AWS::CertificateManager::Certificate",
  "AWS::DynamoDB::Table",
  "AWS::EC2::",
  "AWS::ECS::Cluster",
  "AWS::ECS::TaskDefinition",
  "AWS::EFS::",
  "AWS::ElasticLoadBalancingV2::Listener",
  "AWS::ElasticLoadBalancingV2::TargetGroup",
  "AWS::Events::Rule",
  "AWS::IAM::",
  "AWS::Lambda::",
  "AWS::Logs::LogGroup",
  "AWS::Route53::RecordSet",
  "AWS::S3::",
  "AWS::SNS::",
] as const;

/** Hourly whatever its use, so never to slip in among those. */
const NOT_FREE = ["AWS::EC2::NatGateway", "AWS::EC2::EIP", "AWS::EC2::Instance"] as const;

/** The standing costs of a deployment: what it costs when nobody uses it. */
export function estimate(resources: readonly PricedResource[]): CostLine[] {
  const ofType = (type: string) => resources.filter((one) => one.type === `AWS::${type}`);
  const services = ofType("ECS::Service");
  const balancers = ofType("ElasticLoadBalancingV2::LoadBalancer");
  const unpriced = resources.find(({ type }) => !isFree(type) && !PRICED.includes(type));
  if (unpriced !== undefined) throw new Error(`what does ${unpriced.type} cost?`);
  const addresses = services.length + balancers.reduce((sum, one) => sum + zonesOf(one), 0);
  const each = (what: string, type: string, price: number) =>
    line(what, ofType(type).length, price);
  return [
    ...sizesOf(services, resources),
    line("public IPv4 address", addresses, prices.ipv4Hour * HOURS),
    line("load balancer", balancers.length, prices.balancerHour * HOURS),
    each("secret", "SecretsManager::Secret", prices.secret),
    each("metric", "Logs::MetricFilter", prices.metric),
    each("alarm", "CloudWatch::Alarm", prices.alarm),
  ].filter(({ count }) => count > 0);
}

export const totalOf = (lines: readonly CostLine[]): number =>
  lines.reduce((sum, { monthly }) => sum + monthly, 0);

const PRICED = [
  "ECS::Service",
  "ElasticLoadBalancingV2::LoadBalancer",
  "SecretsManager::Secret",
  "Logs::MetricFilter",
  "CloudWatch::Alarm",
].map((type) => `AWS::${type}`);

const isFree = (type: string) =>
  FREE.some((prefix) => type.startsWith(prefix)) && !NOT_FREE.some((name) => name === type);

const line = (what: string, count: number, price: number): CostLine => ({
  what,
  count,
  monthly: count * price,
});

/** Tasks by their size: `0.25 vCPU, 0.5 GB task`. */
function sizesOf(
  services: readonly PricedResource[],
  resources: readonly PricedResource[],
): CostLine[] {
  const counts = new Map<string, CostLine>();
  for (const service of services) {
    const { Cpu, Memory } = taskOf(service, resources).properties;
    const [vcpu, gib] = [Number(Cpu) / 1_024, Number(Memory) / 1_024];
    const what = `task of ${vcpu} vCPU and ${gib} GB`;
    const count = (counts.get(what)?.count ?? 0) + 1;
    const price = (vcpu * prices.vcpuHour + gib * prices.gibHour) * HOURS;
    counts.set(what, line(what, count, price));
  }
  return [...counts.values()];
}

function taskOf(service: PricedResource, resources: readonly PricedResource[]): PricedResource {
  const { Ref } = service.properties.TaskDefinition as { Ref: string };
  const task = resources.find(({ part, id }) => part === service.part && id === Ref);
  if (task === undefined) throw new Error(`${service.id} runs ${Ref}, which is not there`);
  return task;
}

/** A balancer has an address in each zone. */
const zonesOf = ({ properties }: PricedResource) =>
  Array.isArray(properties.Subnets) ? properties.Subnets.length : 0;
