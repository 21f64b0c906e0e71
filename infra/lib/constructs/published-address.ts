import { fileURLToPath } from "node:url";
import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib";
import type { ICluster } from "aws-cdk-lib/aws-ecs";
import { EventField, Rule, RuleTargetInput } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Architecture, Code, Function as Lambda, Runtime } from "aws-cdk-lib/aws-lambda";
import { LogGroup, type RetentionDays } from "aws-cdk-lib/aws-logs";
import type { IHostedZone } from "aws-cdk-lib/aws-route53";
import { Construct } from "constructs";
import { accept } from "./accept.ts";

const SOURCE = fileURLToPath(new URL("../../lambda/publish-address", import.meta.url));

export interface AddressPublisherProps {
  readonly cluster: ICluster;
  readonly zone: IHostedZone;
  /** All that it may ever write: `relay-1.mesh.example.org`. */
  readonly names: readonly string[];
  readonly logDays: RetentionDays;
}

/**
 * A task's public address changes with every start, and no address can be reserved for it. So each
 * start is an event, and the event moves the name to the new address.
 */
export class AddressPublisher extends Construct {
  readonly lambda: Lambda;
  private readonly cluster: ICluster;

  constructor(scope: Construct, id: string, props: AddressPublisherProps) {
    super(scope, id);
    this.cluster = props.cluster;
    const logGroup = new LogGroup(this, "Log", {
      retention: props.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    });
    logGroup.grantWrite(role);
    grantPublish(role, props);
    this.lambda = new Lambda(this, "Function", {
      description: "Moves a member's name to the address of its new task",
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(SOURCE, { exclude: ["*.test.ts"] }),
      handler: "index.handler",
      environment: { HOSTED_ZONE_ID: props.zone.hostedZoneId },
      timeout: Duration.seconds(30),
      logGroup,
      role,
    });
  }

  /** From now on `name` follows the service's task. To be declared before the service. */
  follow(serviceName: string, name: string): Rule {
    return new Rule(this, serviceName, {
      description: `${name} follows ${serviceName}`,
      eventPattern: {
        source: ["aws.ecs"],
        detailType: ["ECS Task State Change"],
        detail: {
          clusterArn: [this.cluster.clusterArn],
          group: [`service:${serviceName}`],
          lastStatus: ["RUNNING"],
          desiredStatus: ["RUNNING"],
        },
      },
      targets: [
        new LambdaFunction(this.lambda, {
          event: RuleTargetInput.fromObject({
            name,
            attachments: EventField.fromPath("$.detail.attachments"),
          }),
          // An hour later another task may run.
          maxEventAge: Duration.minutes(10),
          retryAttempts: 5,
        }),
      ],
    });
  }
}

function grantPublish(role: Role, { zone, names }: AddressPublisherProps): void {
  role.addToPolicy(
    new PolicyStatement({
      actions: ["route53:ChangeResourceRecordSets"],
      resources: [`arn:${Stack.of(role).partition}:route53:::hostedzone/${zone.hostedZoneId}`],
      conditions: {
        "ForAllValues:StringEquals": {
          "route53:ChangeResourceRecordSetsNormalizedRecordNames": [...names],
          "route53:ChangeResourceRecordSetsRecordTypes": ["A"],
          "route53:ChangeResourceRecordSetsActions": ["UPSERT"],
        },
      },
    }),
  );
  role.addToPolicy(
    new PolicyStatement({ actions: ["ec2:DescribeNetworkInterfaces"], resources: ["*"] }),
  );
  accept(
    role,
    "IAM5[Resource::*]",
    "ec2:DescribeNetworkInterfaces knows no resources; it only reads",
  );
}
