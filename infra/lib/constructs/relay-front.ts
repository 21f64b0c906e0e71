import { Duration } from "aws-cdk-lib";
import { type IVpc, Peer, Port, SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import type { FargateService } from "aws-cdk-lib/aws-ecs";
import { NetworkLoadBalancer } from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { ARecord, type IHostedZone, RecordTarget } from "aws-cdk-lib/aws-route53";
import { LoadBalancerTarget } from "aws-cdk-lib/aws-route53-targets";
import { Construct } from "constructs";
import { ports } from "../ports.ts";
import { accept } from "./accept.ts";
import type { AddressPublisher } from "./published-address.ts";

/** What a relay listens on, by TCP; everything else is closed. */
export const relayPorts = [ports.p2p, ports.webSocket] as const;

/** How the world reaches the relays. They are numbered from 1. */
export interface RelayFront {
  readonly securityGroup: SecurityGroup;
  /** The lasting multiaddrs of a relay, without its PeerId. */
  announced(relay: number): string[];
  /** @param serviceName of the service to be made; called before it is */
  prepare(relay: number, serviceName: string): Construct[];
  attach(relay: number, service: FargateService): void;
}

interface PublicFrontProps {
  readonly vpc: IVpc;
  readonly publisher: AddressPublisher;
  readonly nameOf: (relay: number) => string;
}

/** Each relay has an address of its own, and a name that follows it. */
export class PublicFront extends Construct implements RelayFront {
  readonly securityGroup: SecurityGroup;
  private readonly props: PublicFrontProps;

  constructor(scope: Construct, id: string, props: PublicFrontProps) {
    super(scope, id);
    this.props = props;
    this.securityGroup = relayGroup(this, props.vpc);
    for (const port of relayPorts)
      this.securityGroup.addIngressRule(Peer.anyIpv4(), Port.tcp(port), "peers");
    acceptStrangers(this.securityGroup);
  }

  announced(relay: number): string[] {
    return addresses(this.props.nameOf(relay), ports.p2p, ports.webSocket);
  }

  prepare(relay: number, serviceName: string): Construct[] {
    return [this.props.publisher.follow(serviceName, this.props.nameOf(relay))];
  }

  attach(): void {}
}

interface BalancedFrontProps {
  readonly vpc: IVpc;
  /** @default none: the balancer's own name is announced */
  readonly alias: { readonly zone: IHostedZone; readonly name: string } | null;
}

/** One balancer for all: relay n answers at ports of its own, since its PeerId is its own. */
export class BalancedFront extends Construct implements RelayFront {
  readonly securityGroup: SecurityGroup;
  private readonly balancer: NetworkLoadBalancer;
  private readonly balancerGroup: SecurityGroup;
  private readonly name: string;

  constructor(scope: Construct, id: string, { vpc, alias }: BalancedFrontProps) {
    super(scope, id);
    this.balancerGroup = new SecurityGroup(this, "BalancerGroup", {
      vpc,
      description: "The balancer before the relays",
      allowAllOutbound: false,
    });
    acceptStrangers(this.balancerGroup);
    this.securityGroup = relayGroup(this, vpc);
    this.balancer = new NetworkLoadBalancer(this, "Balancer", {
      vpc,
      internetFacing: true,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      securityGroups: [this.balancerGroup],
      crossZoneEnabled: true,
    });
    accept(
      this.balancer,
      "ELB2",
      "It logs TLS listeners only, and has none; relays log themselves",
    );
    for (const port of relayPorts)
      this.balancerGroup.connections.allowTo(this.securityGroup, Port.tcp(port));
    this.name = alias?.name ?? this.balancer.loadBalancerDnsName;
    if (alias)
      new ARecord(this, "Alias", {
        zone: alias.zone,
        recordName: `${alias.name}.`,
        target: RecordTarget.fromAlias(new LoadBalancerTarget(this.balancer)),
      });
  }

  announced(relay: number): string[] {
    return addresses(this.name, publicPort(relay, ports.p2p), publicPort(relay, ports.webSocket));
  }

  prepare(): Construct[] {
    return [];
  }

  attach(relay: number, service: FargateService): void {
    for (const port of relayPorts) this.addListener(relay, port, service);
  }

  private addListener(relay: number, port: RelayPort, service: FargateService): void {
    const outside = publicPort(relay, port);
    this.balancerGroup.addIngressRule(Peer.anyIpv4(), Port.tcp(outside), `peers of relay ${relay}`);
    const listener = this.balancer.addListener(`Port${outside}`, { port: outside });
    listener.addTargets(`Port${outside}`, {
      port,
      targets: [service.loadBalancerTarget({ containerName: "Member", containerPort: port })],
      // Without it every peer seems to be the balancer: one address, one limit for all.
      preserveClientIp: true,
      deregistrationDelay: Duration.seconds(10),
    });
  }
}

type RelayPort = (typeof relayPorts)[number];

/** Ten ports a relay: 4001, 4011, 4021 … */
const publicPort = (relay: number, port: RelayPort): number => port + (relay - 1) * 10;

const relayGroup = (scope: Construct, vpc: IVpc) =>
  new SecurityGroup(scope, "RelayGroup", { vpc, description: "Relays dial and are dialled" });

const acceptStrangers = (group: SecurityGroup) =>
  accept(group, "EC23", "Peers of an open network come from everywhere; Noise tells them apart");

const addresses = (name: string, p2p: number, webSocket: number) => [
  `/dns4/${name}/tcp/${p2p}`,
  `/dns4/${name}/tcp/${webSocket}/ws`,
];
