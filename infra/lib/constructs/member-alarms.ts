import { Duration } from "aws-cdk-lib";
import type { IAlarmAction } from "aws-cdk-lib/aws-cloudwatch";
import {
  Alarm,
  ComparisonOperator,
  Stats,
  TreatMissingData,
  Unit,
} from "aws-cdk-lib/aws-cloudwatch";
import { FilterPattern, type ILogGroup, MetricFilter } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";

/** The line that every member logs once a minute: `{"message":"pulse", …}`, and nobody else does. */
export const PULSE = "pulse";

export interface WatchedMember {
  /** `relay-1`, `api`, … */
  readonly name: string;
  readonly logGroup: ILogGroup;
}

export interface MemberAlarmsProps {
  readonly member: WatchedMember;
  /** Of all metrics: `Meshwork/<network>`. */
  readonly namespace: string;
  readonly action: IAlarmAction;
}

/**
 * Reads the member's pulse from its log. The member knows nothing of CloudWatch, and a pulse says more
 * than a running container: that the event loop turns, and that somebody outside can hear it.
 */
export class MemberAlarms extends Construct {
  private readonly props: MemberAlarmsProps;

  constructor(scope: Construct, id: string, props: MemberAlarmsProps) {
    super(scope, id);
    this.props = props;
  }

  /** No pulse for five minutes. Silence is alarming here, and only here. */
  whenSilent(): Alarm {
    const { name } = this.props.member;
    return this.alarm("Silent", {
      description: `${name} has not been heard for five minutes: its log tells why`,
      metric: this.filter("Pulses", "1").metric({ statistic: Stats.SUM, period: FIVE_MINUTES }),
      comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      missing: TreatMissingData.BREACHING,
    });
  }

  /**
   * A number in the pulse stays above `threshold` for five minutes.
   * @param field of the pulse, in seconds: `blockAgeSeconds`
   */
  whenOlder(field: string, threshold: Duration, description: string): Alarm {
    const metric = this.filter(field, `$.${field}`, Unit.SECONDS);
    return this.alarm(field, {
      description,
      metric: metric.metric({ statistic: Stats.MINIMUM, period: FIVE_MINUTES }),
      comparison: ComparisonOperator.GREATER_THAN_THRESHOLD,
      threshold: threshold.toSeconds(),
      // Nobody spoke: that is the other alarm's business, and this one stays as it was.
      missing: TreatMissingData.IGNORE,
    });
  }

  private filter(id: string, metricValue: string, unit?: Unit): MetricFilter {
    const { member, namespace } = this.props;
    const isPulse = FilterPattern.stringValue("$.message", "=", PULSE);
    return new MetricFilter(this, id, {
      logGroup: member.logGroup,
      filterPattern: metricValue.startsWith("$")
        ? FilterPattern.all(isPulse, FilterPattern.numberValue(metricValue, ">=", 0))
        : isPulse,
      metricNamespace: namespace,
      metricName: `${member.name}.${id}`,
      metricValue,
      unit,
    });
  }

  private alarm(
    id: string,
    of: {
      description: string;
      metric: ReturnType<MetricFilter["metric"]>;
      comparison: ComparisonOperator;
      threshold: number;
      missing: TreatMissingData;
    },
  ): Alarm {
    const alarm = new Alarm(this, `${id}Alarm`, {
      alarmDescription: of.description,
      metric: of.metric,
      comparisonOperator: of.comparison,
      threshold: of.threshold,
      evaluationPeriods: 1,
      treatMissingData: of.missing,
    });
    alarm.addAlarmAction(this.props.action);
    alarm.addOkAction(this.props.action);
    return alarm;
  }
}

const FIVE_MINUTES = Duration.minutes(5);
