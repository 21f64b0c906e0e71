// Plain JavaScript, sent to AWS as it is: no bundler, and the SDK that Lambda's runtime brings along.
// biome-ignore-all lint/correctness/noUndeclaredDependencies: these are there in AWS, and only there
import { DescribeNetworkInterfacesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { ChangeResourceRecordSetsCommand, Route53Client } from "@aws-sdk/client-route-53";
import { publishAddress } from "./publish-address.mjs";

const ec2 = new EC2Client();
const route53 = new Route53Client();

/** @param {import("./publish-address.mjs").Started} started */
export async function handler(started) {
  const answer = await publishAddress(started, {
    describe: (input) => ec2.send(new DescribeNetworkInterfacesCommand(input)),
    change: (input) => route53.send(new ChangeResourceRecordSetsCommand(input)),
    hostedZoneId: String(process.env.HOSTED_ZONE_ID),
  });
  console.log(JSON.stringify({ level: "info", ...answer }));
  return answer;
}
