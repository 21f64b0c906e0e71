import { type ISecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import {
  AvailabilityZoneRebalancing,
  FargatePlatformVersion,
  FargateService,
  type ICluster,
} from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";
import type { MemberTask } from "./member-task.ts";

export interface MemberServiceProps {
  /** Known before the service exists, so that its first start can be listened for. */
  readonly serviceName: string;
  readonly cluster: ICluster;
  readonly task: MemberTask;
  readonly securityGroup: ISecurityGroup;
}

/**
 * Keeps one task of one member running, and never two: the old one has stopped before the new one
 * starts. Two tasks with one key would be two processes with one PeerId, which peers cannot tell
 * apart, and with one log of votes.
 */
export class MemberService extends Construct {
  readonly service: FargateService;
  readonly name: string;

  constructor(scope: Construct, id: string, props: MemberServiceProps) {
    super(scope, id);
    this.name = props.serviceName;
    this.service = new FargateService(this, "Service", {
      serviceName: props.serviceName,
      cluster: props.cluster,
      taskDefinition: props.task.definition,
      desiredCount: 1,
      minHealthyPercent: 0,
      maxHealthyPercent: 100,
      // It would start the new task first.
      availabilityZoneRebalancing: AvailabilityZoneRebalancing.DISABLED,
      circuitBreaker: { rollback: true },
      // Without a NAT gateway a public address is the way out, and for a relay the way in.
      assignPublicIp: true,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      securityGroups: [props.securityGroup],
      platformVersion: FargatePlatformVersion.VERSION1_4,
      enableExecuteCommand: false,
    });
  }
}
