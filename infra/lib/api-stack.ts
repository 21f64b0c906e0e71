import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { IVpc } from "aws-cdk-lib/aws-ec2";
import type { ContainerImage, ICluster } from "aws-cdk-lib/aws-ecs";
import type { FileSystem } from "aws-cdk-lib/aws-efs";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IHostedZone } from "aws-cdk-lib/aws-route53";
import type { Construct } from "constructs";
import { type ApiFront, BalancedApiFront, ProxyFront } from "./constructs/api-front.ts";
import { DurableFolder } from "./constructs/durable-folder.ts";
import type { Identity } from "./constructs/identity.ts";
import type { WatchedMember } from "./constructs/member-alarms.ts";
import { MemberService } from "./constructs/member-service.ts";
import { MemberTask } from "./constructs/member-task.ts";
import { AddressPublisher } from "./constructs/published-address.ts";
import {
  grantSnapshotWrite,
  grantTaskData,
  type Storage,
  storeSettings,
} from "./constructs/storage-access.ts";
import { ports } from "./ports.ts";

/** A gateway runs no foreign code: it follows the ledger and answers. */
const SIZE = { cpu: 256, memoryMiB: 512 } as const;

export interface ApiStackProps extends StackProps {
  readonly network: string;
  readonly vpc: IVpc;
  readonly cluster: ICluster;
  readonly fileSystem: FileSystem;
  readonly identity: Identity;
  readonly storage: Storage;
  /** Built in the stack that uses them. */
  readonly image: (scope: Construct) => ContainerImage;
  readonly proxyImage: (scope: Construct) => ContainerImage;
  readonly front: "proxy" | "balancer";
  readonly dns: { readonly zone: IHostedZone; readonly domain: string };
  readonly logDays: RetentionDays;
}

/** The front door: one member in the role `gateway`, which also archives the ledger. */
export class ApiStack extends Stack {
  readonly member: WatchedMember;
  /** Null behind a balancer. */
  readonly publisher: AddressPublisher | null;

  constructor(scope: Construct, id: string, props: ApiStackProps) {
    super(scope, id, props);
    const name = `api.${props.dns.domain}`;
    const serviceName = `${props.network}-api`;
    this.publisher = props.front === "proxy" ? this.addressPublisher(props, name) : null;
    const front = this.frontOf(props, name);
    const folder = new DurableFolder(this, "Folder", {
      fileSystem: props.fileSystem,
      path: "/api",
    });
    folder.allowFrom(front.securityGroup);
    const task = this.gateway(props, front, folder);
    const first = front.prepare(task, serviceName);
    const { service } = new MemberService(this, "Service", {
      serviceName,
      cluster: props.cluster,
      task,
      securityGroup: front.securityGroup,
    });
    service.node.addDependency(...first);
    front.attach(service);
    this.member = { name: "api", logGroup: task.logGroup };
    new CfnOutput(this, "Url", { value: `https://${name}` });
  }

  private gateway(props: ApiStackProps, front: ApiFront, folder: DurableFolder): MemberTask {
    const { identity, storage, logDays } = props;
    const task = new MemberTask(this, "Gateway", {
      ...SIZE,
      image: props.image(this),
      entry: "api/bin/api.mjs",
      identity,
      identitySettings: { MESHWORK_RELAYS: "relays" },
      settings: {
        ...storeSettings(storage),
        MESHWORK_API_HOST: front.host,
        MESHWORK_API_PORT: String(ports.api),
        MESHWORK_API_TRUST_PROXY: "1",
        MESHWORK_LISTEN: `/ip4/0.0.0.0/tcp/${ports.p2p}`,
        MESHWORK_REGION: this.region,
      },
      ports: [{ containerPort: ports.api }],
      healthUrl: `http://127.0.0.1:${ports.api}/healthz`,
      logDays,
      folder,
    });
    grantTaskData(task.definition.taskRole, storage);
    grantSnapshotWrite(task.definition.taskRole, storage);
    return task;
  }

  private frontOf(props: ApiStackProps, name: string): ApiFront {
    const { vpc, fileSystem, dns } = props;
    if (this.publisher === null)
      return new BalancedApiFront(this, "Front", { vpc, zone: dns.zone, name });
    return new ProxyFront(this, "Front", {
      vpc,
      name,
      image: props.proxyImage(this),
      publisher: this.publisher,
      folder: new DurableFolder(this, "Certificates", { fileSystem, path: "/certificates" }),
    });
  }

  private addressPublisher(props: ApiStackProps, name: string): AddressPublisher {
    const { cluster, dns, logDays } = props;
    return new AddressPublisher(this, "Publisher", {
      cluster,
      zone: dns.zone,
      names: [name],
      logDays,
    });
  }
}
