import { CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import { ComparisonOperator, Stats, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import { EmailSubscription } from "aws-cdk-lib/aws-sns-subscriptions";
import type { Construct } from "constructs";
import { MemberAlarms, type WatchedMember } from "./constructs/member-alarms.ts";
import type { AddressPublisher } from "./constructs/published-address.ts";

/** Heartbeat blocks come twice a minute where nothing else happens. */
const BLOCK_AGE = Duration.minutes(5);

export interface MonitoringStackProps extends StackProps {
  readonly network: string;
  /** All who should be heard. */
  readonly members: readonly WatchedMember[];
  /** Of them, who follows the ledger and is asked for its age. @default none: no alarm on blocks */
  readonly witness: WatchedMember | null;
  /** Who publishes snapshots. @default none: no alarm on snapshots */
  readonly archiver: WatchedMember | null;
  readonly snapshotMaxAge: Duration;
  readonly publishers: readonly AddressPublisher[];
  readonly alarmEmail: string | null;
}

/** A few alarms that mean something, to one topic. */
export class MonitoringStack extends Stack {
  private readonly action: SnsAction;

  constructor(scope: Construct, id: string, props: MonitoringStackProps) {
    super(scope, id, props);
    const topic = new Topic(this, "Alarms", { enforceSSL: true });
    if (props.alarmEmail !== null) topic.addSubscription(new EmailSubscription(props.alarmEmail));
    this.action = new SnsAction(topic);
    for (const member of props.members) this.watch(member, props);
    for (const publisher of props.publishers) this.watchPublisher(publisher);
    new CfnOutput(this, "AlarmTopic", { value: topic.topicArn });
  }

  private watch(member: WatchedMember, props: MonitoringStackProps): void {
    const alarms = new MemberAlarms(this, member.name, {
      member,
      namespace: `Meshwork/${props.network}`,
      action: this.action,
    });
    alarms.whenSilent();
    if (member === props.witness)
      alarms.whenOlder(
        "blockAgeSeconds",
        BLOCK_AGE,
        "No new block: fewer than two thirds of the seats agree, or the gateway is cut off",
      );
    if (member === props.archiver)
      alarms.whenOlder(
        "snapshotAgeSeconds",
        props.snapshotMaxAge,
        "The newest snapshot is too old: what was lost now could not all be restored from S3",
      );
  }

  private watchPublisher(publisher: AddressPublisher): void {
    const alarm = publisher.lambda
      .metricErrors({ statistic: Stats.SUM, period: Duration.minutes(5) })
      .createAlarm(this, `${Stack.of(publisher).node.id}-Publisher`, {
        alarmDescription: "A member has moved and its name has not: peers dial the old address",
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        threshold: 1,
        evaluationPeriods: 1,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    alarm.addAlarmAction(this.action);
  }
}
