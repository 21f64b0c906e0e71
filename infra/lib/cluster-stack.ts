import { RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { type IVpc, SubnetType } from "aws-cdk-lib/aws-ec2";
import { Cluster, ContainerInsights } from "aws-cdk-lib/aws-ecs";
import { FileSystem, LifecyclePolicy, PerformanceMode, ThroughputMode } from "aws-cdk-lib/aws-efs";
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { accept } from "./constructs/accept.ts";

export interface ClusterStackProps extends StackProps {
  readonly vpc: IVpc;
  /** Whether any member keeps files that must outlive its task. */
  readonly durableFolders: boolean;
}

/** Where the members run, and the file system of those that remember. */
export class ClusterStack extends Stack {
  readonly cluster: Cluster;
  /** Null when nobody needs it. */
  readonly fileSystem: FileSystem | null;

  constructor(scope: Construct, id: string, props: ClusterStackProps) {
    super(scope, id, props);
    this.cluster = new Cluster(this, "Cluster", {
      vpc: props.vpc,
      containerInsightsV2: ContainerInsights.DISABLED,
    });
    accept(this.cluster, "ECS4", "Billed by metric; the alarms read the members' own logs");
    this.fileSystem = props.durableFolders ? this.durableFileSystem(props.vpc) : null;
  }

  private durableFileSystem(vpc: IVpc): FileSystem {
    return new FileSystem(this, "Files", {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      encrypted: true,
      performanceMode: PerformanceMode.GENERAL_PURPOSE,
      // Elastic: paid by what is read and written, not by the hour.
      throughputMode: ThroughputMode.ELASTIC,
      lifecyclePolicy: LifecyclePolicy.AFTER_30_DAYS,
      enableAutomaticBackups: false,
      removalPolicy: RemovalPolicy.RETAIN,
      // CDK would otherwise add a statement that lets everybody write who reaches a mount target.
      allowAnonymousAccess: true,
      fileSystemPolicy: onlyOverTls(),
    });
  }
}

/** With a policy that allows nobody, only those get in whose own role allows it. */
const onlyOverTls = () =>
  new PolicyDocument({
    statements: [
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ["elasticfilesystem:*"],
        conditions: { Bool: { "aws:SecureTransport": "false" } },
      }),
    ],
  });
