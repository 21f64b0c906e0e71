import { randomBytes } from "node:crypto";
import { HeadObjectCommand, ListMultipartUploadsCommand } from "@aws-sdk/client-s3";
import { utf8 } from "@meshwork/foundation";
import { contentIdOf } from "@meshwork/storage/content-id";
import { openS3Store, type S3Store, type S3StoreOptions } from "@meshwork/storage/s3";
import { namesIn } from "@meshwork/storage/testing";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FaultyLine, startFaultyLine } from "../support/aws-emulators/faulty-line.ts";
import { s3Answer } from "../support/aws-emulators/refusals.ts";
import { buckets, connectionTo, type TestBucket } from "./clouds.ts";

const MiB = 1 << 20;
const content = utf8("the content of a task");
const id = contentIdOf(content);
const large = new Uint8Array(randomBytes(11 * MiB));
const attempts = 3;

let here: TestBucket;
let line: FaultyLine;
beforeAll(async () => {
  const moto = buckets.find(({ name }) => name === "moto");
  here = (await moto?.start()) as TestBucket;
  line = await startFaultyLine(here.connection?.endpoint ?? "");
});
afterAll(async () => {
  await line?.stop();
  await here?.stop();
});

/** A store at the other end of the faulty line, which is whole until the test says otherwise. */
function open(options: Partial<S3StoreOptions> = {}): S3Store {
  line.next();
  return openS3Store({
    ...here,
    connection: connectionTo(line.endpoint),
    prefix: here.newPrefix(),
    maxObjectBytes: 12 * MiB,
    partBytes: 5 * MiB,
    attempts,
    ...options,
  });
}

/** Each operation of a store, as something that may fail. */
const operationsOf = (store: S3Store): [string, () => Promise<unknown>][] => [
  ["check", () => store.check()],
  ["put", () => store.put(content)],
  ["putStream", () => store.putStream(id, streamOf(content))],
  ["get", () => store.get(id)],
  ["has", () => store.has(id)],
  ["list", () => namesIn(store)],
  ["delete", () => store.delete(id)],
];

async function codesOf(store: S3Store): Promise<Record<string, string>> {
  const codes: Record<string, string> = {};
  for (const [name, operation] of operationsOf(store))
    codes[name] = await operation().then(
      () => "done",
      ({ code, message }) => code ?? message,
    );
  return codes;
}

const all = (code: string) => ({
  check: code,
  put: code,
  putStream: code,
  get: code,
  has: code,
  list: code,
  delete: code,
});

async function* streamOf(bytes: Uint8Array) {
  yield bytes;
}

describe("every operation says what is wrong", () => {
  test("a bucket that is not there", async () => {
    expect(await codesOf(open({ bucket: "no-such-bucket" }))).toEqual(all("STORE_MISSING"));
  });

  test.each([
    ["no right to it", s3Answer(403, "AccessDenied"), "STORE_FORBIDDEN"],
    ["an unknown key", s3Answer(403, "InvalidAccessKeyId"), "STORE_FORBIDDEN"],
    ["a clock that is wrong", s3Answer(403, "RequestTimeTooSkewed"), "CLOCK_SKEWED"],
    ["a bucket of another region", s3Answer(301, "PermanentRedirect"), "STORE_MISSING"],
    ["too much load", s3Answer(503, "SlowDown"), "STORE_BUSY"],
    ["a service that fails", s3Answer(500, "InternalError"), "STORE_UNREACHABLE"],
    ["something new", s3Answer(418, "Teapot"), "STORE_REFUSED"],
  ])("%s", async (_what, answer, code) => {
    const store = open({ attempts: 1 });
    line.always(answer);
    expect(await codesOf(store)).toEqual(all(code));
  });

  test("nobody there", async () => {
    const gone = await startFaultyLine("http://127.0.0.1:9");
    await gone.stop();
    const store = open({ connection: connectionTo(gone.endpoint) });
    expect(await codesOf(store)).toEqual(all("STORE_UNREACHABLE"));
  });
});

describe("what passes is got over", () => {
  test.each([
    ["throttling", s3Answer(503, "SlowDown")],
    ["a failure inside the service", s3Answer(500, "InternalError")],
    ["an answer that is lost", { kind: "lost answer" } as const],
  ])("%s, while putting and getting", async (_what, fault) => {
    const store = open();
    line.next(fault, fault);
    await store.put(content);
    line.next(fault, fault);
    expect(await store.get(id)).toEqual(content);
    expect(line.requests.length).toBeGreaterThanOrEqual(6);
  });

  test("an answer that breaks off", async () => {
    const store = open();
    await store.put(content);
    line.next({ kind: "cut", afterBytes: 0 }, { kind: "cut", afterBytes: 7 });
    expect(await store.get(id)).toEqual(content);
  });

  test("a large object whose completion was done, and its answer lost", async () => {
    const [prefix, largeId] = [here.newPrefix(), contentIdOf(large)];
    const store = open({ prefix });
    line.once({ kind: "lost answer" }, /^POST .*uploadId=/);
    await store.put(large);
    const head = new HeadObjectCommand({ Bucket: here.bucket, Key: `${prefix}/${largeId}` });
    expect((await here.client.send(head)).ContentLength).toBe(large.length);
  });

  test("a clock that is wrong, once the service has said what time it is", async () => {
    const store = open();
    const tomorrow = new Date(Date.now() + 24 * 3_600_000).toUTCString();
    const skewed = s3Answer(403, "RequestTimeTooSkewed");
    line.next({ ...skewed, headers: { ...skewed.headers, date: tomorrow } });
    await store.put(content);
  });
});

describe("putting again", () => {
  test.each([
    ["small", content, ["PUT", "HEAD"]],
    ["large", large, ["HEAD"]],
  ])("believes S3's checksum and reads nothing: %s", async (_size, bytes, expected) => {
    const store = open();
    await store.put(bytes);
    line.requests.length = 0;
    await store.put(bytes);
    expect(line.requests.map((request) => request.split(" ", 1)[0])).toEqual(expected);
  });
});

describe("what does not pass ends", () => {
  const attempted = async (work: () => Promise<unknown>, code: string) => {
    const before = line.requests.length;
    await expect(work()).rejects.toMatchObject({ code });
    return line.requests.length - before;
  };

  test("after as many attempts as were allowed", async () => {
    const store = open();
    line.always(s3Answer(503, "SlowDown"));
    expect(await attempted(() => store.put(content), "STORE_BUSY")).toBe(attempts);
    line.next();
    await store.put(content);
    line.always({ kind: "cut", afterBytes: 7 });
    expect(await attempted(() => store.get(id), "STORE_UNREACHABLE")).toBe(attempts);
  });

  test("when nothing moves any more", async () => {
    const store = open({ silenceMs: 200, attempts: 2 });
    await store.put(content);
    for (const afterBytes of [0, 7]) {
      line.always({ kind: "stall", afterBytes });
      expect(await attempted(() => store.get(id), "STORE_UNREACHABLE")).toBe(2);
    }
  });

  test("when it moves too slowly, though it moves", async () => {
    const store = open({ silenceMs: 5_000, operationMs: 400 });
    await store.put(content);
    line.always({ kind: "drip", everyMs: 100 });
    expect(await attempted(() => store.get(id), "STORE_UNREACHABLE")).toBe(1);
  });

  test("when the bytes are not the content", async () => {
    const store = open();
    await store.put(content);
    line.always({ kind: "change" });
    expect(await attempted(() => store.get(id), "OBJECT_DAMAGED")).toBe(1);
  });

  test("when an object is larger than the store may hold, before it is read", async () => {
    const prefix = here.newPrefix();
    await open({ prefix }).put(large);
    const store = open({ prefix, maxObjectBytes: MiB });
    line.always({ kind: "stall", afterBytes: 0 });
    expect(await attempted(() => store.get(contentIdOf(large)), "OBJECT_TOO_LARGE")).toBe(1);
  });
});

describe("an upload in parts that fails leaves nothing behind", () => {
  test.each([
    ["a part is refused", /^PUT .*partNumber=2/],
    ["its completion is refused", /^POST .*uploadId=/],
  ])("when %s", async (_when, request) => {
    const prefix = here.newPrefix();
    const store = open({ prefix });
    line.always(s3Answer(403, "AccessDenied"), request);
    await expect(store.put(large)).rejects.toMatchObject({ code: "STORE_FORBIDDEN" });
    await expect(store.putStream(contentIdOf(large), streamOf(large))).rejects.toMatchObject({
      code: "STORE_FORBIDDEN",
    });
    line.next();
    expect(await namesIn(store)).toEqual([]);
    const list = new ListMultipartUploadsCommand({ Bucket: here.bucket, Prefix: prefix });
    expect((await here.client.send(list)).Uploads ?? []).toEqual([]);
    await store.put(large);
  });
});
