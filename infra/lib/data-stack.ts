import { assert } from "@meshwork/foundation";
import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AttributeType, BillingMode, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  ObjectLockRetention,
  ObjectOwnership,
} from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { Identity } from "./constructs/identity.ts";

export interface DataStackProps extends StackProps {
  /** Who has keys: `relay-1`, `api`, … */
  readonly members: readonly string[];
  /** For so long no version of a stored snapshot can be deleted, bypass of governance apart. */
  readonly ledgerLockDays: number;
}

/** What must outlive every other stack, and this one: all of it is retained when the stack is deleted. */
export class DataStack extends Stack {
  readonly ledger: Bucket;
  readonly taskData: Bucket;
  readonly anchors: Table;
  private readonly identities = new Map<string, Identity>();

  constructor(scope: Construct, id: string, props: DataStackProps) {
    super(scope, id, props);
    const accessLogs = this.accessLogBucket();
    this.ledger = this.ledgerBucket(accessLogs, Duration.days(props.ledgerLockDays));
    this.taskData = this.taskDataBucket(accessLogs);
    this.anchors = this.anchorTable();
    for (const member of props.members)
      this.identities.set(member, new Identity(this, `Identity-${member}`, { member }));
    new CfnOutput(this, "LedgerBucket", { value: this.ledger.bucketName });
    new CfnOutput(this, "TaskDataBucket", { value: this.taskData.bucketName });
    new CfnOutput(this, "AnchorTable", { value: this.anchors.tableName });
  }

  identityOf(member: string): Identity {
    const identity = this.identities.get(member);
    assert(identity !== undefined, `${member} is none of the deployment's members`);
    return identity;
  }

  private accessLogBucket(): Bucket {
    return new Bucket(this, "AccessLogs", {
      ...privateBucket,
      lifecycleRules: [{ expiration: Duration.days(90) }],
    });
  }

  /**
   * Snapshots: chunks, manifests. Every version is locked for a while, so that neither a stolen key nor
   * a wrong prune loses history. A version that was pruned goes when its lock ends.
   */
  private ledgerBucket(accessLogs: Bucket, lock: Duration): Bucket {
    return new Bucket(this, "Ledger", {
      ...privateBucket,
      versioned: true,
      objectLockEnabled: true,
      objectLockDefaultRetention: ObjectLockRetention.governance(lock),
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: "ledger/",
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(7),
          noncurrentVersionExpiration: lock,
          expiredObjectDeleteMarker: true,
        },
      ],
    });
  }

  /**
   * Programs, inputs and outputs by content address. Nothing expires by age: an old object may be the
   * input of a task of today. What no manifest names any more is deleted by those who know; only
   * halves of uploads go by themselves.
   */
  private taskDataBucket(accessLogs: Bucket): Bucket {
    return new Bucket(this, "TaskData", {
      ...privateBucket,
      serverAccessLogsBucket: accessLogs,
      serverAccessLogsPrefix: "task-data/",
      lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(1) }],
    });
  }

  /** Per chain: an entry for each anchored height (decimal, 16 digits), and one named `head`. */
  private anchorTable(): Table {
    return new Table(this, "Anchors", {
      partitionKey: { name: "chain", type: AttributeType.STRING },
      sortKey: { name: "entry", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }
}

/** SSE-S3 costs nothing and no request; a key of one's own would cost both. */
const privateBucket = {
  encryption: BucketEncryption.S3_MANAGED,
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  removalPolicy: RemovalPolicy.RETAIN,
} as const satisfies BucketProps;
