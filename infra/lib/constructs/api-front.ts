import { Duration } from "aws-cdk-lib";
import { Certificate, CertificateValidation } from "aws-cdk-lib/aws-certificatemanager";
import { type IVpc, Peer, Port, SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import {
  Capability,
  type ContainerImage,
  type FargateService,
  LinuxParameters,
} from "aws-cdk-lib/aws-ecs";
import {
  ApplicationLoadBalancer,
  ApplicationProtocol,
  ListenerAction,
  SslPolicy,
} from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { ARecord, type IHostedZone, RecordTarget } from "aws-cdk-lib/aws-route53";
import { LoadBalancerTarget } from "aws-cdk-lib/aws-route53-targets";
import { Construct } from "constructs";
import { ports } from "../ports.ts";
import { accept } from "./accept.ts";
import type { DurableFolder } from "./durable-folder.ts";
import { MEMBER_USER, type MemberTask } from "./member-task.ts";
import type { AddressPublisher } from "./published-address.ts";

/** Who ends TLS before the API. Either streams, and writes x-forwarded-for and -proto. */
export interface ApiFront {
  readonly securityGroup: SecurityGroup;
  /** Where the API listens: to the task alone, or to the network. */
  readonly host: string;
  /** Before the service is made. @returns what must be there before its first start */
  prepare(task: MemberTask, serviceName: string): Construct[];
  attach(service: FargateService): void;
}

interface ProxyFrontProps {
  readonly vpc: IVpc;
  readonly name: string;
  readonly image: ContainerImage;
  readonly publisher: AddressPublisher;
  /** Certificates outlive the task: their issuer gives only a few a week. */
  readonly folder: DurableFolder;
}

/** A proxy in the API's own task, which gets its certificates by ACME. */
export class ProxyFront extends Construct implements ApiFront {
  readonly securityGroup: SecurityGroup;
  readonly host = "127.0.0.1";
  private readonly props: ProxyFrontProps;

  constructor(scope: Construct, id: string, props: ProxyFrontProps) {
    super(scope, id);
    this.props = props;
    this.securityGroup = new SecurityGroup(this, "Group", {
      vpc: props.vpc,
      description: "The API and its proxy",
    });
    this.securityGroup.addIngressRule(Peer.anyIpv4(), Port.tcp(ports.https), "agents");
    this.securityGroup.addIngressRule(Peer.anyIpv4(), Port.tcp(ports.http), "ACME; redirects");
    acceptAgents(this.securityGroup);
  }

  prepare(task: MemberTask, serviceName: string): Construct[] {
    const { image, name, folder, publisher } = this.props;
    const proxy = task.definition.addContainer("Proxy", {
      image,
      environment: { SITE: name, UPSTREAM: `127.0.0.1:${ports.api}` },
      portMappings: [{ containerPort: ports.http }, { containerPort: ports.https }],
      user: MEMBER_USER,
      readonlyRootFilesystem: true,
      linuxParameters: this.onlyLowPorts(),
      logging: task.logging,
      stopTimeout: Duration.seconds(30),
    });
    task.addFolder({ name: "certificates", containerPath: "/data", folder, container: proxy });
    return [publisher.follow(serviceName, name)];
  }

  attach(): void {}

  /** All that Fargate gives by default, but what ports below 1024 need. */
  private onlyLowPorts(): LinuxParameters {
    const parameters = new LinuxParameters(this, "ProxyLinux", { initProcessEnabled: true });
    parameters.dropCapabilities(
      Capability.AUDIT_WRITE,
      Capability.CHOWN,
      Capability.DAC_OVERRIDE,
      Capability.FOWNER,
      Capability.FSETID,
      Capability.KILL,
      Capability.MKNOD,
      Capability.NET_RAW,
      Capability.SETFCAP,
      Capability.SETGID,
      Capability.SETPCAP,
      Capability.SETUID,
      Capability.SYS_CHROOT,
    );
    return parameters;
  }
}

interface BalancedApiFrontProps {
  readonly vpc: IVpc;
  readonly zone: IHostedZone;
  readonly name: string;
}

/** An application load balancer, with a certificate that AWS renews. */
export class BalancedApiFront extends Construct implements ApiFront {
  readonly securityGroup: SecurityGroup;
  readonly host = "0.0.0.0";
  private readonly balancer: ApplicationLoadBalancer;
  private readonly props: BalancedApiFrontProps;

  constructor(scope: Construct, id: string, props: BalancedApiFrontProps) {
    super(scope, id);
    this.props = props;
    const { vpc } = props;
    this.securityGroup = new SecurityGroup(this, "Group", { vpc, description: "The API" });
    const balancerGroup = new SecurityGroup(this, "BalancerGroup", {
      vpc,
      description: "The balancer before the API",
      allowAllOutbound: false,
    });
    balancerGroup.addIngressRule(Peer.anyIpv4(), Port.tcp(ports.https), "agents");
    balancerGroup.addIngressRule(Peer.anyIpv4(), Port.tcp(ports.http), "redirects");
    acceptAgents(balancerGroup);
    balancerGroup.connections.allowTo(this.securityGroup, Port.tcp(ports.api));
    this.balancer = new ApplicationLoadBalancer(this, "Balancer", {
      vpc,
      internetFacing: true,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      securityGroup: balancerGroup,
      // Longer than the pause between two signs of life on an event stream.
      idleTimeout: Duration.minutes(5),
      dropInvalidHeaderFields: true,
    });
    accept(
      this.balancer,
      "ELB2",
      "To log to S3 it must know the region when synthesised; the API logs its requests",
    );
    new ARecord(this, "Alias", {
      zone: props.zone,
      recordName: `${props.name}.`,
      target: RecordTarget.fromAlias(new LoadBalancerTarget(this.balancer)),
    });
  }

  prepare(): Construct[] {
    return [];
  }

  attach(service: FargateService): void {
    const { name, zone } = this.props;
    this.balancer.addListener("Http", {
      port: ports.http,
      open: false,
      defaultAction: ListenerAction.redirect({ protocol: "HTTPS", port: "443", permanent: true }),
    });
    const https = this.balancer.addListener("Https", {
      port: ports.https,
      open: false,
      protocol: ApplicationProtocol.HTTPS,
      sslPolicy: SslPolicy.RECOMMENDED_TLS,
      certificates: [
        new Certificate(this, "Certificate", {
          domainName: name,
          validation: CertificateValidation.fromDns(zone),
        }),
      ],
    });
    https.addTargets("Api", {
      port: ports.api,
      protocol: ApplicationProtocol.HTTP,
      targets: [service.loadBalancerTarget({ containerName: "Member", containerPort: ports.api })],
      healthCheck: { path: "/healthz", interval: Duration.seconds(15) },
      deregistrationDelay: Duration.seconds(10),
    });
  }
}

const acceptAgents = (group: SecurityGroup) =>
  accept(group, "EC23", "The front door is open to all; requests are signed by their callers");
