import { Stack, type StackProps } from "aws-cdk-lib";
import { type IVpc, Peer, Port, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import type { ContainerImage, ICluster } from "aws-cdk-lib/aws-ecs";
import type { FileSystem } from "aws-cdk-lib/aws-efs";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { accept } from "./constructs/accept.ts";
import { DurableFolder } from "./constructs/durable-folder.ts";
import type { Identity } from "./constructs/identity.ts";
import type { WatchedMember } from "./constructs/member-alarms.ts";
import { MemberService } from "./constructs/member-service.ts";
import { MemberTask } from "./constructs/member-task.ts";
import {
  grantSnapshotRead,
  grantTaskData,
  type Storage,
  storeSettings,
} from "./constructs/storage-access.ts";
import { ports, probeUrl } from "./ports.ts";

/** One task of a stranger's at a time, in a sandbox of 512 MiB, beside the node. */
const SIZE = { cpu: 512, memoryMiB: 2_048 } as const;
const TASKS = { MESHWORK_CONCURRENCY: "2", MESHWORK_SANDBOX_MEMORY_MB: "512" } as const;

export interface ValidatorStackProps extends StackProps {
  readonly network: string;
  readonly vpc: IVpc;
  readonly cluster: ICluster;
  readonly fileSystem: FileSystem;
  readonly identities: readonly Identity[];
  readonly storage: Storage;
  /** Built in the stack that uses it. */
  readonly image: (scope: Construct) => ContainerImage;
  readonly logDays: RetentionDays;
}

/**
 * Edge nodes of the team's own. What a seat signs with is made on its volume and lies only there,
 * beside the log of what it has signed: a task that was moved finds both or none.
 */
export class ValidatorStack extends Stack {
  readonly members: readonly WatchedMember[];

  constructor(scope: Construct, id: string, props: ValidatorStackProps) {
    super(scope, id, props);
    const securityGroup = new SecurityGroup(this, "Group", {
      vpc: props.vpc,
      description: "Edge nodes dial and are dialled",
    });
    securityGroup.addIngressRule(Peer.anyIpv4(), Port.tcp(ports.p2p), "peers");
    accept(securityGroup, "EC23", "Peers of an open network come from everywhere");
    const image = props.image(this);
    this.members = props.identities.map((identity, index) =>
      this.addValidator(`validator-${index + 1}`, identity, { ...props, image, securityGroup }),
    );
  }

  private addValidator(
    name: string,
    identity: Identity,
    props: Omit<ValidatorStackProps, "image"> & {
      image: ContainerImage;
      securityGroup: SecurityGroup;
    },
  ): WatchedMember {
    const { network, cluster, fileSystem, image, logDays, securityGroup, storage } = props;
    const folder = new DurableFolder(this, `${name}-folder`, { fileSystem, path: `/${name}` });
    folder.allowFrom(securityGroup);
    const task = new MemberTask(this, name, {
      ...SIZE,
      image,
      identity,
      logDays,
      entry: "edge-node/bin/edge-node.mjs",
      identitySettings: { MESHWORK_RELAYS: "relays", MESHWORK_INVITE: "invite" },
      settings: {
        ...TASKS,
        ...storeSettings(storage),
        // It joins by them; to publish is the API's right.
        MESHWORK_SNAPSHOT_HOURS: "0",
        MESHWORK_LISTEN: `/ip4/0.0.0.0/tcp/${ports.p2p}`,
        MESHWORK_PROBE_PORT: String(ports.probe),
        MESHWORK_REGION: this.region,
      },
      ports: [{ containerPort: ports.p2p }],
      healthUrl: probeUrl,
      folder,
    });
    grantTaskData(task.definition.taskRole, storage);
    grantSnapshotRead(task.definition.taskRole, storage);
    new MemberService(this, `${name}-service`, {
      serviceName: `${network}-${name}`,
      cluster,
      task,
      securityGroup,
    });
    return { name, logGroup: task.logGroup };
  }
}
