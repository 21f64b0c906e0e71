import { randomBytes } from "node:crypto";
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { type ChainId, chainId } from "@meshwork/foundation";
import { type AwsConnection, openS3Store } from "@meshwork/storage/s3";
import { type Emulator, startDynalite, startS3 } from "../support/aws-emulators/emulators.ts";
import { startMoto } from "../support/aws-emulators/moto.ts";

/** A bucket for these tests, on an emulator or in a real account. */
export interface TestBucket {
  readonly bucket: string;
  /** None for a real account: there, the standard environment says it all. */
  readonly connection?: Required<AwsConnection>;
  /** To look and meddle behind the driver's back. */
  readonly client: S3Client;
  /** A folder for one test. */
  newPrefix(): string;
  stop(): Promise<void>;
}

export interface TestTable {
  readonly table: string;
  readonly connection?: Required<AwsConnection>;
  readonly client: DynamoDBClient;
  /** A chain for one test. */
  newChain(): ChainId;
  stop(): Promise<void>;
}

/** `conditional`: whether the service keeps S3's promise about If-None-Match. */
export const buckets: { name: string; conditional: boolean; start(): Promise<TestBucket> }[] = [
  { name: "fauxqs", conditional: false, start: async () => emulatedBucket(await startS3()) },
  { name: "moto", conditional: true, start: async () => emulatedBucket(await startMoto()) },
];

export const tables: { name: string; start(): Promise<TestTable> }[] = [
  { name: "dynalite", start: async () => emulatedTable(await startDynalite()) },
  { name: "moto", start: async () => emulatedTable(await startMoto()) },
];

const { MESHWORK_TEST_S3_BUCKET: realBucket, MESHWORK_TEST_DYNAMODB_TABLE: realTable } =
  process.env;
if (realBucket)
  buckets.push({ name: "AWS", conditional: true, start: async () => accountBucket(realBucket) });
if (realTable) tables.push({ name: "AWS", start: async () => accountTable(realTable) });

/** What the drivers are told, so that they speak to `endpoint` and to nobody else. */
export const connectionTo = (endpoint: string): Required<AwsConnection> => ({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "secret" },
});

async function emulatedBucket(emulator: Emulator): Promise<TestBucket> {
  const [connection, bucket] = [connectionTo(emulator.endpoint), "task-data"];
  const client = new S3Client(connection);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const stop = async () => {
    client.destroy();
    await emulator.stop();
  };
  return { bucket, connection, client, newPrefix: newName, stop };
}

async function emulatedTable(emulator: Emulator): Promise<TestTable> {
  const [connection, table] = [connectionTo(emulator.endpoint), "anchors"];
  const client = new DynamoDBClient(connection);
  // As infra/lib/data-stack.ts makes it.
  const command = new CreateTableCommand({
    TableName: table,
    BillingMode: "PAY_PER_REQUEST",
    KeySchema: [
      { AttributeName: "chain", KeyType: "HASH" },
      { AttributeName: "entry", KeyType: "RANGE" },
    ],
    AttributeDefinitions: [
      { AttributeName: "chain", AttributeType: "S" },
      { AttributeName: "entry", AttributeType: "S" },
    ],
  });
  await client.send(command);
  const stop = async () => {
    client.destroy();
    await emulator.stop();
  };
  return { table, connection, client, newChain, stop };
}

/** Leaves the bucket as it was, but for what its versioning keeps. */
function accountBucket(bucket: string): TestBucket {
  const [client, prefixes]: [S3Client, string[]] = [new S3Client({}), []];
  return {
    bucket,
    client,
    newPrefix() {
      prefixes.push(newName());
      return prefixes.at(-1) as string;
    },
    async stop() {
      for (const prefix of prefixes) {
        const store = openS3Store({ bucket, prefix, maxObjectBytes: 0 });
        for await (const id of store.list()) await store.delete(id);
        store.close();
      }
      client.destroy();
    },
  };
}

function accountTable(TableName: string): TestTable {
  const [client, chains]: [DynamoDBClient, ChainId[]] = [new DynamoDBClient({}), []];
  return {
    table: TableName,
    client,
    newChain() {
      chains.push(newChain());
      return chains.at(-1) as ChainId;
    },
    async stop() {
      for (const chain of chains) {
        const query = new QueryCommand({
          TableName,
          KeyConditionExpression: "chain = :chain",
          ExpressionAttributeValues: { ":chain": { S: chain } },
        });
        for (const { chain: hashKey, entry } of (await client.send(query)).Items ?? [])
          if (hashKey && entry)
            await client.send(new DeleteItemCommand({ TableName, Key: { chain: hashKey, entry } }));
      }
      client.destroy();
    },
  };
}

const newName = () => `meshwork-test-${randomBytes(8).toString("hex")}`;
const newChain = () => chainId.parse(randomBytes(32).toString("hex"));
