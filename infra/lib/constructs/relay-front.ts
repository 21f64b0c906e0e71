import { Duration } from "aws-cdk-lib";
import { type IVpc, Peer, Port, SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import { Protocol as ContainerProtocol, type FargateService } from "aws-cdk-lib/aws-ecs";
import { NetworkLoadBalancer, Protocol } from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { ARecord, type IHostedZone, RecordTarget } from "aws-cdk-lib/aws-route53";
import { LoadBalancerTarget } from "aws-cdk-lib/aws-route53-targets";
import { Construct } from "constructs";
import { ports } from "../ports.ts";
import { accept } from "./accept.ts";
import type { AddressPublisher } from "./published-address.ts";

/** What a relay listens on; everything else is closed. */
export const relayListeners = [
  { port: ports.p2p, protocol: ContainerProtocol.TCP, kind: "p2p" },
  { port: ports.webSocket, protocol: ContainerProtocol.TCP, kind: "webSocket" },
  { port: ports.stun, protocol: ContainerProtocol.UDP, kind: "stun" },
] as const;

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
    for (const { port, protocol } of relayListeners)
      this.securityGroup.addIngressRule(Peer.anyIpv4(), portOf(port, protocol), "peers");
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
    for (const { port, protocol } of relayListeners)
      this.balancerGroup.connections.allowTo(this.securityGroup, portOf(port, protocol));
    this.name = alias?.name ?? this.balancer.loadBalancerDnsName;
    if (alias)
      new ARecord(this, "Alias", {
        zone: alias.zone,
        recordName: `${alias.name}.`,
        target: RecordTarget.fromAlias(new LoadBalancerTarget(this.balancer)),
      });
  }

  announced(relay: number): string[] {
    return addresses(
      this.name,
      publicPort(relay, relayListeners[0]),
      publicPort(relay, relayListeners[1]),
    );
  }

  prepare(): Construct[] {
    return [];
  }

  attach(relay: number, service: FargateService): void {
    for (const listener of relayListeners) this.addListener(relay, listener, service);
  }

  private addListener(relay: number, listener: RelayListener, service: FargateService): void {
    const port = publicPort(relay, listener);
    const protocol = listener.protocol === ContainerProtocol.TCP ? Protocol.TCP : Protocol.UDP;
    this.balancerGroup.addIngressRule(
      Peer.anyIpv4(),
      portOf(port, listener.protocol),
      `peers of relay ${relay}`,
    );
    this.balancer
      .addListener(`Relay${relay}-${listener.kind}`, { port, protocol })
      .addTargets(`Relay${relay}-${listener.kind}`, {
        port: listener.port,
        protocol,
        targets: [
          service.loadBalancerTarget({
            containerName: "Member",
            containerPort: listener.port,
            protocol: listener.protocol,
          }),
        ],
        // Without it every peer seems to be the balancer: one address, one limit for all.
        preserveClientIp: true,
        // There is one target: it is used whatever its health. UDP can only be asked over TCP.
        healthCheck: { port: String(ports.p2p), protocol: Protocol.TCP },
        deregistrationDelay: Duration.seconds(10),
      });
  }
}

type RelayListener = (typeof relayListeners)[number];

/** Ten ports a relay: 4001, 4011, 4021 …; STUN next to each other: 3478, 3479 … */
export const publicPort = (relay: number, { port, kind }: RelayListener): number =>
  port + (relay - 1) * (kind === "stun" ? 1 : 10);

const portOf = (port: number, protocol: ContainerProtocol) =>
  protocol === ContainerProtocol.UDP ? Port.udp(port) : Port.tcp(port);

const relayGroup = (scope: Construct, vpc: IVpc) =>
  new SecurityGroup(scope, "RelayGroup", { vpc, description: "Relays dial and are dialled" });

const acceptStrangers = (group: SecurityGroup) =>
  accept(group, "EC23", "Peers of an open network come from everywhere; Noise tells them apart");

const addresses = (name: string, p2p: number, webSocket: number) => [
  `/dns4/${name}/tcp/${p2p}`,
  `/dns4/${name}/tcp/${webSocket}/ws`,
];
