import { Stack, type StackProps } from "aws-cdk-lib";
import { GatewayVpcEndpointAwsService, IpAddresses, SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import type { Construct } from "constructs";
import { accept } from "./constructs/accept.ts";

export interface NetworkStackProps extends StackProps {
  /** Who connected to what, kept in CloudWatch. */
  readonly flowLogs: boolean;
}

/**
 * Public subnets only: peers of a peer-to-peer network are dialled from everywhere, and what would
 * hide behind a NAT gateway (33 $ a month each) has security groups. S3 and DynamoDB are reached
 * over gateway endpoints, which cost nothing.
 */
export class NetworkStack extends Stack {
  readonly vpc: Vpc;

  constructor(scope: Construct, id: string, props: NetworkStackProps) {
    super(scope, id, props);
    this.vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr("10.77.0.0/16"),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [
        {
          name: "public",
          subnetType: SubnetType.PUBLIC,
          cidrMask: 20,
          // Who needs a public address asks for it.
          mapPublicIpOnLaunch: false,
        },
      ],
      gatewayEndpoints: {
        S3: { service: GatewayVpcEndpointAwsService.S3 },
        DynamoDB: { service: GatewayVpcEndpointAwsService.DYNAMODB },
      },
      // Nothing uses the default group, and narrowing it takes a Lambda with rights over all groups.
      restrictDefaultSecurityGroup: false,
    });
    if (props.flowLogs) this.vpc.addFlowLog("FlowLog");
    else
      accept(this.vpc, "VPC7", "Of a public relay they cost more than the relay: -c flowLogs=true");
  }
}
