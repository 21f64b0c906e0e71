import { utf8 } from "@meshwork/foundation";
import { openDynamoAnchorStore } from "@meshwork/storage/dynamodb";
import { openS3Store } from "@meshwork/storage/s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { buckets, type TestBucket, type TestTable, tables } from "./clouds.ts";

let here: TestBucket;
let there: TestTable;
beforeAll(async () => {
  here = (await buckets[0]?.start()) as TestBucket;
  there = (await tables[0]?.start()) as TestTable;
});
afterAll(async () => {
  await here?.stop();
  await there?.stop();
});

/** All that the SDK would find on a machine, but for what the test sets. */
beforeEach(() => {
  for (const name of Object.keys(process.env))
    if (name.startsWith("AWS_")) vi.stubEnv(name, undefined);
  vi.stubEnv("AWS_CONFIG_FILE", "/dev/null");
  vi.stubEnv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
  vi.stubEnv("AWS_EC2_METADATA_DISABLED", "true");
});
afterEach(() => vi.unstubAllEnvs());

function stub(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
}

const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
const objects = () => openS3Store({ bucket: here.bucket, maxObjectBytes: 1_000, attempts: 1 });
const anchors = () =>
  openDynamoAnchorStore({ table: there.table, chain: there.newChain(), attempts: 1 });

describe("the standard AWS environment", () => {
  test("says where the services are and who we are", async () => {
    stub({
      ...keys,
      AWS_REGION: "us-east-1",
      AWS_ENDPOINT_URL_S3: here.connection?.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: there.connection?.endpoint,
    });
    const id = await objects().put(utf8("content"));
    expect(await objects().has(id)).toBe(true);
    expect(await anchors().head()).toBeNull();
  });

  test("may name a machine that has no names below its own", async () => {
    const port = new URL(here.connection?.endpoint ?? "").port;
    stub({ ...keys, AWS_REGION: "us-east-1", AWS_ENDPOINT_URL: `http://localhost:${port}` });
    await objects().check();
  });

  test("must say the region", async () => {
    stub({ ...keys, AWS_ENDPOINT_URL: here.connection?.endpoint });
    const refusal = { code: "STORE_MISSING", message: expect.stringContaining("set AWS_REGION") };
    await expect(objects().check()).rejects.toMatchObject(refusal);
    await expect(anchors().head()).rejects.toMatchObject(refusal);
  });

  test("must bring credentials", async () => {
    stub({ AWS_REGION: "us-east-1", AWS_ENDPOINT_URL: here.connection?.endpoint });
    const refusal = {
      code: "STORE_FORBIDDEN",
      message: expect.stringContaining("AWS_ACCESS_KEY_ID"),
    };
    await expect(objects().check()).rejects.toMatchObject(refusal);
    await expect(anchors().head()).rejects.toMatchObject(refusal);
  });
});
