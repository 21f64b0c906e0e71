import { describe, expect, test } from "vitest";
import { ofType, only, type Resource, synthesise } from "./synthesise.ts";

const resources = synthesise({ validators: 1, ledgerLockDays: 45 });
const buckets = ofType(resources, "S3::Bucket");
const named = (name: string) => only(buckets.filter(({ id }) => id.startsWith(name)));

/** Statements of a policy that a resource carries. */
const statements = ({ properties }: Resource, name: string) =>
  (properties[name] as { Statement: Record<string, unknown>[] }).Statement;

describe("what holds data", () => {
  test("outlives its stack, and its replacement", () => {
    const kept = ofType(
      resources,
      "S3::Bucket",
      "DynamoDB::Table",
      "SecretsManager::Secret",
      "EFS::FileSystem",
    );
    expect(kept).toHaveLength(3 + 1 + 4 + 1);
    for (const { id, deletionPolicy, updateReplacePolicy } of kept)
      expect({ id, deletionPolicy, updateReplacePolicy }).toEqual({
        id,
        deletionPolicy: "Retain",
        updateReplacePolicy: "Retain",
      });
  });

  test("is encrypted at rest, and no bucket is public", () => {
    expect(buckets).toHaveLength(3);
    for (const { properties } of buckets)
      expect(properties).toMatchObject({
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } },
          ],
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: "BucketOwnerEnforced" }] },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      });
    expect(only(ofType(resources, "EFS::FileSystem")).properties).toMatchObject({
      Encrypted: true,
    });
  });

  test("is reached over TLS 1.2 or newer only", () => {
    const policies = ofType(resources, "S3::BucketPolicy");
    expect(policies.map(({ properties }) => properties.Bucket)).toEqual(
      expect.arrayContaining(buckets.map(({ id }) => ({ Ref: id }))),
    );
    for (const policy of policies) {
      const refused = statements(policy, "PolicyDocument").filter(
        ({ Effect }) => Effect === "Deny",
      );
      expect(refused).toContainEqual(
        expect.objectContaining({
          Action: "s3:*",
          Principal: { AWS: "*" },
          Condition: { Bool: { "aws:SecureTransport": "false" } },
        }),
      );
      expect(refused).toContainEqual(
        expect.objectContaining({ Condition: { NumericLessThan: { "s3:TlsVersion": 1.2 } } }),
      );
    }
    const files = only(ofType(resources, "EFS::FileSystem"));
    expect(statements(files, "FileSystemPolicy")).toEqual([
      expect.objectContaining({
        Effect: "Deny",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    ]);
  });
});

describe("the ledger", () => {
  test("keeps every version, locked for the days of the configuration", () => {
    expect(named("Ledger").properties).toMatchObject({
      VersioningConfiguration: { Status: "Enabled" },
      ObjectLockEnabled: true,
      ObjectLockConfiguration: {
        ObjectLockEnabled: "Enabled",
        Rule: { DefaultRetention: { Mode: "GOVERNANCE", Days: 45 } },
      },
    });
  });

  test("loses a version only when it was deleted and its lock has ended", () => {
    const { Rules } = named("Ledger").properties.LifecycleConfiguration as { Rules: object[] };
    expect(Rules).toEqual([
      {
        Status: "Enabled",
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
        NoncurrentVersionExpiration: { NoncurrentDays: 45 },
        ExpiredObjectDeleteMarker: true,
      },
    ]);
  });

  test("has anchors that can be brought back to any second, and a table that is not deleted", () => {
    expect(only(ofType(resources, "DynamoDB::Table")).properties).toMatchObject({
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: true,
      BillingMode: "PAY_PER_REQUEST",
      KeySchema: [
        { AttributeName: "chain", KeyType: "HASH" },
        { AttributeName: "entry", KeyType: "RANGE" },
      ],
    });
  });
});

describe("task data", () => {
  test("never goes by age: an old object may be the input of a task of today", () => {
    const { Rules } = named("TaskData").properties.LifecycleConfiguration as { Rules: object[] };
    expect(Rules).toEqual([
      { Status: "Enabled", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
    ]);
  });
});

describe("the place of a member's keys", () => {
  test("is made empty: nothing in the template is, or makes, a key", () => {
    for (const { properties } of ofType(resources, "SecretsManager::Secret"))
      expect(Object.keys(properties)).toEqual(["Description"]);
  });
});

test("logs end after the days of the configuration", () => {
  const groups = ofType(synthesise({ logDays: 7 }), "Logs::LogGroup");
  expect(groups.length).toBeGreaterThan(3);
  for (const { properties } of groups) expect(properties.RetentionInDays).toBe(7);
});

test("access to ledger and task data is logged", () => {
  for (const name of ["Ledger", "TaskData"])
    expect(named(name).properties.LoggingConfiguration).toMatchObject({
      DestinationBucketName: { Ref: named("AccessLogs").id },
    });
});
