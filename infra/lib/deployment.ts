import { fileURLToPath } from "node:url";
import { assert } from "@meshwork/foundation";
import { type App, Duration } from "aws-cdk-lib";
import type { ContainerImage } from "aws-cdk-lib/aws-ecs";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import { HostedZone, type IHostedZone } from "aws-cdk-lib/aws-route53";
import type { Construct } from "constructs";
import { ApiStack } from "./api-stack.ts";
import { ClusterStack } from "./cluster-stack.ts";
import type { CloudConfig } from "./config.ts";
import { imageOf } from "./constructs/image.ts";
import { DataStack } from "./data-stack.ts";
import { MonitoringStack } from "./monitoring-stack.ts";
import { NetworkStack } from "./network-stack.ts";
import { RelayStack } from "./relay-stack.ts";
import { ValidatorStack } from "./validator-stack.ts";

/** The stacks of one network, in the order in which they stand on each other. */
export interface Deployment {
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly cluster: ClusterStack;
  readonly relay: RelayStack;
  /** Null with `api=false`. */
  readonly api: ApiStack | null;
  /** Null with `validators=0`. */
  readonly validator: ValidatorStack | null;
  readonly monitoring: MonitoringStack;
}

/** Without account and region: what is synthesised is the same everywhere, and nothing is looked up. */
export function deployment(app: App, config: CloudConfig): Deployment {
  const members = membersOf(config);
  const network = new NetworkStack(app, `${config.network}-network`, { flowLogs: config.flowLogs });
  const data = new DataStack(app, `${config.network}-data`, {
    members: [...members.relays, ...members.api, ...members.validators],
    ledgerLockDays: config.ledgerLockDays,
  });
  const cluster = new ClusterStack(app, `${config.network}-cluster`, {
    vpc: network.vpc,
    durableFolders: config.api || config.validators > 0,
  });
  const ground: Ground = { app, config, network, data, cluster, dns: dnsOf(network, config) };
  const relay = relayStack(ground, members.relays);
  const api = config.api ? apiStack(ground) : null;
  const validator = config.validators > 0 ? validatorStack(ground, members.validators) : null;
  const monitoring = monitoringStack(ground, { relay, api, validator });
  return { network, data, cluster, relay, api, validator, monitoring };
}

/** What the stacks above stand on. */
interface Ground {
  readonly app: App;
  readonly config: CloudConfig;
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly cluster: ClusterStack;
  readonly dns: { readonly zone: IHostedZone; readonly domain: string } | null;
}

function membersOf({ relays, api, validators }: CloudConfig) {
  const numbered = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
  return {
    relays: numbered("relay", relays),
    api: api ? ["api"] : [],
    validators: numbered("validator", validators),
  };
}

function dnsOf(scope: Construct, { domain, hostedZoneId }: CloudConfig): Ground["dns"] {
  if (domain === undefined || hostedZoneId === undefined) return null;
  const zone = HostedZone.fromHostedZoneAttributes(scope, "Zone", {
    hostedZoneId,
    zoneName: domain,
  });
  return { zone, domain };
}

const common = ({ config, network, cluster }: Ground) => ({
  network: config.network,
  vpc: network.vpc,
  cluster: cluster.cluster,
  logDays: config.logDays as RetentionDays,
});

function relayStack(ground: Ground, members: readonly string[]): RelayStack {
  const { app, config, data, dns } = ground;
  return new RelayStack(app, `${config.network}-relay`, {
    ...common(ground),
    identities: members.map((member) => data.identityOf(member)),
    image: (scope) => memberImage(scope, "relay", { option: "relayImage", config }),
    front: config.relayFront,
    dns,
  });
}

function apiStack(ground: Ground): ApiStack {
  const { app, config, data, cluster, dns } = ground;
  assert(dns !== null && cluster.fileSystem !== null, "the API needs a domain and a file system");
  return new ApiStack(app, `${config.network}-api`, {
    ...common(ground),
    fileSystem: cluster.fileSystem,
    identity: data.identityOf("api"),
    storage: data,
    image: (scope) => memberImage(scope, "api", { option: "apiImage", config }),
    proxyImage: (scope) => proxyImage(scope, config),
    front: config.apiFront,
    dns,
  });
}

function validatorStack(ground: Ground, members: readonly string[]): ValidatorStack {
  const { app, config, data, cluster } = ground;
  assert(cluster.fileSystem !== null, "validators need a file system");
  return new ValidatorStack(app, `${config.network}-validator`, {
    ...common(ground),
    fileSystem: cluster.fileSystem,
    identities: members.map((member) => data.identityOf(member)),
    storage: data,
    image: (scope) => memberImage(scope, "edge-node", { option: "nodeImage", config }),
  });
}

function monitoringStack(
  { app, config }: Ground,
  { relay, api, validator }: Pick<Deployment, "relay" | "api" | "validator">,
): MonitoringStack {
  const publishers = [relay.publisher, api?.publisher ?? null];
  return new MonitoringStack(app, `${config.network}-monitoring`, {
    network: config.network,
    members: [...relay.members, ...(api ? [api.member] : []), ...(validator?.members ?? [])],
    witness: api?.member ?? validator?.members[0] ?? null,
    archiver: api?.member ?? null,
    snapshotMaxAge: Duration.hours(config.snapshotMaxAgeHours),
    publishers: publishers.filter((publisher) => publisher !== null),
    alarmEmail: config.alarmEmail ?? null,
  });
}

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

function memberImage(
  scope: Construct,
  room: string,
  { option, config }: { option: "relayImage" | "apiImage" | "nodeImage"; config: CloudConfig },
): ContainerImage {
  return imageOf(scope, { option, image: config[option], context: ROOT, target: room });
}

const proxyImage = (scope: Construct, { proxyImage: image }: CloudConfig): ContainerImage =>
  imageOf(scope, {
    option: "proxyImage",
    image,
    context: fileURLToPath(new URL("../tls-proxy", import.meta.url)),
  });
