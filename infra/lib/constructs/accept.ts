import { Validations } from "aws-cdk-lib";
import type { IConstruct } from "constructs";

/**
 * Accepts one finding of cdk-nag on `scope` and what is below it, with a sentence that an auditor can
 * check. It stands in the code beside what it excuses.
 *
 * @param rule of the AwsSolutions pack: `EC23`, or one finding of it: `IAM5[Resource::*]`
 */
export function accept(scope: IConstruct, rule: string, reason: string): void {
  Validations.of(scope).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });
}
