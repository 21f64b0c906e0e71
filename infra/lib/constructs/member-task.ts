import { Duration, RemovalPolicy } from "aws-cdk-lib";
import {
  AwsLogDriverMode,
  Capability,
  type ContainerDefinition,
  type ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  LinuxParameters,
  LogDriver,
  OperatingSystemFamily,
  type PortMapping,
} from "aws-cdk-lib/aws-ecs";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { accept } from "./accept.ts";
import type { DurableFolder } from "./durable-folder.ts";
import type { Identity, IdentityField } from "./identity.ts";
import { fileFields, fileSettings, RUN_FOLDER, startScript, variableOf } from "./start-script.ts";

const DATA_FOLDER = "/data";

/** Never root, whatever the image says: the user `node` of ours, and the owner of durable folders. */
export const MEMBER_USER = "1000:1000";

export interface MemberTaskProps {
  readonly image: ContainerImage;
  /** In the image's working folder: `relay/bin/relay.mjs`. */
  readonly entry: string;
  readonly identity: Identity;
  /** Of the identity, what the program reads from its environment. @default none */
  readonly identitySettings?: Readonly<Record<string, IdentityField>>;
  /** The program's environment. Never secrets: it is readable in the console. */
  readonly settings: Readonly<Record<string, string>>;
  /** Units of 1/1024 CPU, and MiB: a pair that Fargate offers. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly ports: readonly PortMapping[];
  /** Answers 200 as long as the process runs; a task whose answer fails is replaced. */
  readonly healthUrl: string;
  readonly logDays: RetentionDays;
  /** Where the program keeps what must outlive it. @default a volume that ends with the task */
  readonly folder?: DurableFolder;
}

export interface FolderMount {
  readonly name: string;
  readonly containerPath: string;
  /** @default a volume that ends with the task */
  readonly folder?: DurableFolder;
  /** @default the member's */
  readonly container?: ContainerDefinition;
}

/**
 * One task of one member: read-only root, no capability, a user without rights, two folders
 * to write in, keys from Secrets Manager, one log group.
 */
export class MemberTask extends Construct {
  readonly definition: FargateTaskDefinition;
  readonly container: ContainerDefinition;
  readonly logGroup: LogGroup;
  /** For all containers of the task. */
  readonly logging: LogDriver;

  constructor(scope: Construct, id: string, props: MemberTaskProps) {
    super(scope, id);
    this.logGroup = new LogGroup(this, "Log", {
      retention: props.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.logging = LogDriver.awsLogs({
      logGroup: this.logGroup,
      streamPrefix: "task",
      // A log that cannot be delivered must not stop a relay.
      mode: AwsLogDriverMode.NON_BLOCKING,
    });
    this.definition = new FargateTaskDefinition(this, "Definition", {
      cpu: props.cpu,
      memoryLimitMiB: props.memoryMiB,
      runtimePlatform: {
        cpuArchitecture: CpuArchitecture.ARM64,
        operatingSystemFamily: OperatingSystemFamily.LINUX,
      },
    });
    this.container = this.addMember(props);
    accept(this.definition, "ECS2", "Ports, names and addresses; keys come from Secrets Manager");
    accept(
      this.definition.obtainExecutionRole(),
      "IAM5[Resource::*]",
      "ecr:GetAuthorizationToken knows no resources; ECS uses the role, not the container",
    );
    this.addFolder({ name: "run", containerPath: RUN_FOLDER });
    this.addFolder({ name: "data", containerPath: DATA_FOLDER, folder: props.folder });
  }

  private addMember(props: MemberTaskProps): ContainerDefinition {
    const { identity } = props;
    return this.definition.addContainer("Member", {
      image: props.image,
      entryPoint: ["/bin/sh", "-c", startScript()],
      command: ["node", props.entry],
      environment: { MESHWORK_DATA: DATA_FOLDER, ...fileSettings, ...props.settings },
      secrets: Object.fromEntries([
        ...fileFields.map((field) => [variableOf(field), identity.field(field)]),
        ...Object.entries(props.identitySettings ?? {}).map(([variable, field]) => [
          variable,
          identity.field(field),
        ]),
      ]),
      portMappings: [...props.ports],
      healthCheck: {
        command: ["CMD", "node", "-e", probeOf(props.healthUrl)],
        interval: Duration.seconds(30),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(60),
      },
      user: MEMBER_USER,
      readonlyRootFilesystem: true,
      linuxParameters: this.hardened(),
      logging: this.logging,
      // The launcher gives its parts ten seconds to stop.
      stopTimeout: Duration.seconds(30),
    });
  }

  private hardened(): LinuxParameters {
    const parameters = new LinuxParameters(this, "Linux", { initProcessEnabled: true });
    parameters.dropCapabilities(Capability.ALL);
    return parameters;
  }

  /** A folder to write in. The image owns it by a VOLUME line of its own, or the access point does. */
  addFolder({ name, containerPath, folder, container = this.container }: FolderMount): void {
    this.definition.addVolume({
      name,
      ...(folder && {
        efsVolumeConfiguration: {
          fileSystemId: folder.fileSystem.fileSystemId,
          transitEncryption: "ENABLED",
          authorizationConfig: { accessPointId: folder.accessPoint.accessPointId, iam: "ENABLED" },
        },
      }),
    });
    container.addMountPoints({ sourceVolume: name, containerPath, readOnly: false });
    folder?.grantReadWrite(this.definition.taskRole);
  }
}

const probeOf = (url: string) =>
  `fetch("${url}").then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))`;
