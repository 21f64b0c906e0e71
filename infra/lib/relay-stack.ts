import { assert } from "@meshwork/foundation";
import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { IVpc } from "aws-cdk-lib/aws-ec2";
import type { ContainerImage, ICluster } from "aws-cdk-lib/aws-ecs";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IHostedZone } from "aws-cdk-lib/aws-route53";
import type { Construct } from "constructs";
import type { Identity } from "./constructs/identity.ts";
import type { WatchedMember } from "./constructs/member-alarms.ts";
import { MemberService } from "./constructs/member-service.ts";
import { MemberTask } from "./constructs/member-task.ts";
import { AddressPublisher } from "./constructs/published-address.ts";
import {
  BalancedFront,
  PublicFront,
  type RelayFront,
  relayPorts,
} from "./constructs/relay-front.ts";
import { ports, probeUrl } from "./ports.ts";

/** Carries some hundred circuits; a relay moves bytes and computes little. */
const SIZE = { cpu: 256, memoryMiB: 512 } as const;

export interface RelayStackProps extends StackProps {
  readonly network: string;
  readonly vpc: IVpc;
  readonly cluster: ICluster;
  /** One for each relay. */
  readonly identities: readonly Identity[];
  /** Built in the stack that uses it. */
  readonly image: (scope: Construct) => ContainerImage;
  readonly front: "dns" | "balancer";
  /** Null only behind a balancer, which has a name of its own. */
  readonly dns: { readonly zone: IHostedZone; readonly domain: string } | null;
  readonly logDays: RetentionDays;
}

/** One service a relay, each with its own key: no two tasks ever share a PeerId. */
export class RelayStack extends Stack {
  readonly members: readonly WatchedMember[];
  /** Null behind a balancer. */
  readonly publisher: AddressPublisher | null;

  constructor(scope: Construct, id: string, props: RelayStackProps) {
    super(scope, id, props);
    this.publisher = props.front === "dns" ? this.addressPublisher(props) : null;
    const front = this.frontOf(props, this.publisher);
    const image = props.image(this);
    this.members = props.identities.map((identity, index) =>
      this.addRelay(index + 1, identity, { ...props, front, image }),
    );
  }

  private addRelay(
    relay: number,
    identity: Identity,
    props: Omit<RelayStackProps, "front" | "image"> & { front: RelayFront; image: ContainerImage },
  ): WatchedMember {
    const { front, network, cluster, image, logDays } = props;
    const name = `relay-${relay}`;
    const serviceName = `${network}-${name}`;
    const announced = front.announced(relay);
    const task = new MemberTask(this, `Relay${relay}`, {
      ...SIZE,
      image,
      identity,
      logDays,
      entry: "relay/bin/relay.mjs",
      identitySettings: { MESHWORK_RELAYS: "relays" },
      settings: {
        MESHWORK_LISTEN: `/ip4/0.0.0.0/tcp/${ports.p2p},/ip4/0.0.0.0/tcp/${ports.webSocket}/ws`,
        MESHWORK_ANNOUNCE: announced.join(","),
        MESHWORK_PROBE_PORT: String(ports.probe),
        MESHWORK_REGION: this.region,
      },
      ports: relayPorts.map((containerPort) => ({ containerPort })),
      healthUrl: probeUrl,
    });
    const first = front.prepare(relay, serviceName);
    const { service } = new MemberService(this, `Relay${relay}Service`, {
      serviceName,
      cluster,
      task,
      securityGroup: front.securityGroup,
    });
    service.node.addDependency(...first);
    front.attach(relay, service);
    new CfnOutput(this, `Relay${relay}Addresses`, { value: announced.join(",") });
    return { name, logGroup: task.logGroup };
  }

  private frontOf(props: RelayStackProps, publisher: AddressPublisher | null): RelayFront {
    const { vpc, dns } = props;
    if (publisher !== null)
      return new PublicFront(this, "Front", { vpc, publisher, nameOf: nameOf(props) });
    const alias = dns && { zone: dns.zone, name: `relays.${dns.domain}` };
    return new BalancedFront(this, "Front", { vpc, alias });
  }

  private addressPublisher(props: RelayStackProps): AddressPublisher {
    const { cluster, dns, identities, logDays } = props;
    assert(dns !== null, "relays at public addresses need a domain");
    const names = identities.map((_, index) => nameOf(props)(index + 1));
    return new AddressPublisher(this, "Publisher", { cluster, zone: dns.zone, names, logDays });
  }
}

const nameOf =
  ({ dns }: RelayStackProps) =>
  (relay: number) =>
    `relay-${relay}.${dns?.domain}`;
