import { Stack } from "aws-cdk-lib";
import { Port, type SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { AccessPoint, FileSystem } from "aws-cdk-lib/aws-efs";
import { Effect, type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

export interface DurableFolderProps {
  readonly fileSystem: FileSystem;
  /** From the file system's root: `/api`. Each member has its own. */
  readonly path: string;
  /** Who owns the files, in the container. @default 1000: the user `node` of our images */
  readonly userId?: number;
}

/** A folder that outlives its task: whoever has it sees nothing else of the file system. */
export class DurableFolder extends Construct {
  readonly fileSystem: FileSystem;
  readonly accessPoint: AccessPoint;

  constructor(scope: Construct, id: string, props: DurableFolderProps) {
    super(scope, id);
    const owner = String(props.userId ?? 1_000);
    this.fileSystem = props.fileSystem;
    this.accessPoint = new AccessPoint(this, "AccessPoint", {
      fileSystem: props.fileSystem,
      path: props.path,
      posixUser: { uid: owner, gid: owner },
      createAcl: { ownerUid: owner, ownerGid: owner, permissions: "700" },
    });
  }

  /** Over NFS. The rule belongs to the stack of the one who asks. */
  allowFrom(group: SecurityGroup): void {
    for (const target of this.fileSystem.connections.securityGroups)
      target.addIngressRule(group, Port.tcp(FileSystem.DEFAULT_PORT), "durable folder", true);
  }

  /** To mount it through this access point only, and to write; not to act as root. */
  grantReadWrite(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        // By its id, not its attribute `Arn`, which emulators do not know.
        resources: [
          Stack.of(this).formatArn({
            service: "elasticfilesystem",
            resource: "file-system",
            resourceName: this.fileSystem.fileSystemId,
          }),
        ],
        conditions: {
          StringEquals: {
            "elasticfilesystem:AccessPointArn": this.accessPoint.accessPointArn,
          },
        },
      }),
    );
  }
}
