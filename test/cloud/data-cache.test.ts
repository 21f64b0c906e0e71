import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { type ContentId, limits, type NodeId, systemClock } from "@meshwork/foundation";
import { createMetrics, type Metrics, silentLog } from "@meshwork/observability";
import type { TaskRecord } from "@meshwork/protocol";
import { openS3Store, type S3Store } from "@meshwork/storage/s3";
import { namesIn } from "@meshwork/storage/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { honestProgram } from "../../edge-node/src/committee/testing/honest-program.ts";
import { openTaskData, type TaskData } from "../../edge-node/src/data/task-data.ts";
import { Neighbours } from "../../edge-node/src/data/testing/neighbours.ts";
import { RoadNetwork } from "../../edge-node/src/testing/road-network.ts";
import {
  type Fault,
  type FaultyLine,
  startFaultyLine,
} from "../support/aws-emulators/faulty-line.ts";
import { s3Answer } from "../support/aws-emulators/refusals.ts";
import { buckets, type TestBucket } from "./clouds.ts";

/** Of a task: its program, an output of each of two workers, and their trace, which is the same. */
const OBJECTS = 4;

/** The network's time is the machine's: however busy that is, no deadline decides these tests. */
const PATIENT = { matchMs: 60_000, runMs: 60_000, deliverMs: 60_000 };

/** What the AWS SDK of every node is told: as a task definition or an operator's shell would. */
const ENVIRONMENT = {
  AWS_REGION: "us-east-1",
  AWS_ACCESS_KEY_ID: "test",
  AWS_SECRET_ACCESS_KEY: "secret",
};

let here: TestBucket;
let line: FaultyLine;
let root: string;
let prefix: string;
let network: RoadNetwork | null;
let nodes: Map<NodeId, { data: TaskData; metrics: Metrics }>;
const neighbours = new Neighbours();

beforeAll(async () => {
  here = (await buckets.find(({ name }) => name === "moto")?.start()) as TestBucket;
  line = await startFaultyLine(here.connection?.endpoint ?? "");
  Object.assign(process.env, ENVIRONMENT, { AWS_ENDPOINT_URL: line.endpoint });
});
afterAll(async () => {
  for (const name of [...Object.keys(ENVIRONMENT), "AWS_ENDPOINT_URL"]) delete process.env[name];
  await line?.stop();
  await here?.stop();
});
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "meshwork-data-cache-"));
  prefix = here.newPrefix();
  [network, nodes] = [null, new Map()];
  line.next();
});
afterEach(async () => {
  await network?.stop();
  await Promise.all([...nodes.values()].map(({ data }) => data.stop()));
  neighbours.leaveAll();
  await rm(root, { recursive: true, force: true, maxRetries: 10 });
});

/** Task data of one node: its own folder, the bucket behind the line, and every other node. */
async function open(nodeId: NodeId, place = `s3://${here.bucket}/${prefix}/objects`) {
  const metrics = createMetrics({ processMetrics: false });
  const data = await openTaskData(
    {
      ...{ clock: systemClock, log: silentLog, metrics },
      isNeeded: () => false,
      isOrdered: () => false,
      secretRoot: new Uint8Array(32),
      allowancesOf: () => [{ orderId: "a".repeat(64) as never, maxBytes: 1 << 20 }],
      openChannel: neighbours.openChannel(nodeId),
    },
    { folder: join(root, nodeId), objectsBytes: 1 << 26, taskDataStore: place },
  );
  neighbours.answer(nodeId, data.blobs.onChannel);
  nodes.set(nodeId, { data, metrics });
  return data.blobs;
}

/** One task on a network whose nodes keep their data there. */
async function runTask(place?: string): Promise<TaskRecord> {
  network = await RoadNetwork.start({
    members: 7,
    truth: honestProgram(3),
    blobs: async (nodeId) => nodes.get(nodeId)?.data.blobs ?? open(nodeId, place),
  });
  return network.run({ deadlines: PATIENT });
}

/** The bucket as it is, past the line. */
const bucket = (): S3Store =>
  openS3Store({ ...here, prefix: `${prefix}/objects`, maxObjectBytes: limits.inputBytes });

/** Failures that the nodes counted, as `operation code`. */
async function counted(): Promise<Set<string>> {
  const texts = await Promise.all([...nodes.values()].map(({ metrics }) => metrics.text()));
  const found = texts
    .join("\n")
    .matchAll(/store_failures_total\{operation="(\w+)",code="(\w+)"\}/g);
  return new Set([...found].map(([, operation, code]) => `${operation} ${code}`));
}

test("a task's data goes through the bucket, and is had from there when every node has gone", async () => {
  expect((await runTask()).conclusion?.outcome).toBe("verified");
  const names = await namesIn(bucket());
  expect(names).toHaveLength(OBJECTS);
  expect(await counted()).toEqual(new Set());
  neighbours.leaveAll();
  const newcomer = await open("N".repeat(44) as NodeId);
  for (const name of names) await newcomer.fetch(name, { hints: [], maxBytes: limits.inputBytes });
});

const faults: [string, Fault, RegExp, string[]][] = [
  ["refuses for load", s3Answer(503, "SlowDown"), /^/, ["read STORE_BUSY", "write STORE_BUSY"]],
  [
    "fails inside",
    s3Answer(500, "InternalError"),
    /^/,
    ["read STORE_UNREACHABLE", "write STORE_UNREACHABLE"],
  ],
  [
    "gives no right",
    s3Answer(403, "AccessDenied"),
    /^/,
    ["read STORE_FORBIDDEN", "write STORE_FORBIDDEN"],
  ],
  ["lets nobody write", s3Answer(403, "AccessDenied"), /^PUT/, ["write STORE_FORBIDDEN"]],
  [
    "is not there",
    s3Answer(404, "NoSuchBucket"),
    /^/,
    ["read STORE_MISSING", "write STORE_MISSING"],
  ],
  ["breaks off", { kind: "cut", afterBytes: 7 }, /^GET .*objects\/b/, ["read STORE_UNREACHABLE"]],
  ["gives wrong bytes", { kind: "change" }, /^GET .*objects\/b/, ["read OBJECT_DAMAGED"]],
  ["has lost the object", s3Answer(404, "NoSuchKey"), /^GET .*objects\/b/, []],
  ["falls silent", { kind: "stall", afterBytes: 0 }, /^GET .*objects\/b/, []],
  ["drips", { kind: "drip", everyMs: 200 }, /^GET .*objects\/b/, []],
];

describe("a task is verified, and nothing of it is lost, though the bucket", () => {
  test.each(faults)("%s", async (_what, fault, matching, codes) => {
    line.always(fault, matching);
    expect((await runTask()).conclusion?.outcome).toBe("verified");
    expect([...(await counted())]).toEqual(expect.arrayContaining(codes));
    line.next();
    // What it did not take it is given as soon as it takes it.
    await expect
      .poll(async () => (await namesIn(bucket())).length, { timeout: 60_000 })
      .toBe(OBJECTS);
  });

  test("is another than there is", async () => {
    expect((await runTask("s3://no-such-bucket/objects")).conclusion?.outcome).toBe("verified");
    expect([...(await counted())]).toEqual(
      expect.arrayContaining(["read STORE_MISSING", "write STORE_MISSING"]),
    );
  });
});

describe("an object in the bucket", () => {
  const damages: [string, (Key: string) => Promise<unknown>][] = [
    ["missing", (Key) => here.client.send(new DeleteObjectCommand({ Bucket: here.bucket, Key }))],
    [
      "something else",
      (Key) =>
        here.client.send(
          new PutObjectCommand({ Bucket: here.bucket, Key, Body: "something else" }),
        ),
    ],
  ];

  test.each(damages)(
    "that is %s is fetched from a peer, never used, and healed",
    async (_what, hurt) => {
      await runTask();
      const [name] = (await namesIn(bucket())) as [ContentId];
      await hurt(`${prefix}/objects/${name}`);
      const newcomer = await open("N".repeat(44) as NodeId);
      const hints = [...nodes.keys()];
      await newcomer.fetch(name, { hints, maxBytes: limits.inputBytes });
      const healed = () =>
        bucket()
          .get(name)
          .then(
            (bytes) => bytes !== null,
            () => false,
          );
      await expect.poll(healed, { timeout: 20_000 }).toBe(true);
    },
  );

  test("that is something else is refused when no peer has the right one", async () => {
    await runTask();
    const [name] = (await namesIn(bucket())) as [ContentId];
    const Key = `${prefix}/objects/${name}`;
    await here.client.send(
      new PutObjectCommand({ Bucket: here.bucket, Key, Body: "something else" }),
    );
    const newcomer = await open("N".repeat(44) as NodeId);
    const fetching = newcomer.fetch(name, { hints: [], maxBytes: limits.inputBytes });
    await expect(fetching).rejects.toMatchObject({ code: "BLOB_UNAVAILABLE" });
  });
});
