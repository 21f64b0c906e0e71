import { limits, systemClock, utf8 } from "@meshwork/foundation";
import { contentIdOf } from "@meshwork/storage/content-id";
import { openS3Store, type PresignedRequest, type S3Store } from "@meshwork/storage/s3";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Emulator } from "../support/aws-emulators/emulators.ts";
import { startPresignedGate } from "../support/aws-emulators/presigned-gate.ts";
import { buckets, connectionTo, type TestBucket } from "./clouds.ts";

const content = utf8("the input of a task");
const id = contentIdOf(content);

/** Of the emulators moto knows If-None-Match; the gate before it checks signatures and checksums. */
const services = buckets.filter(({ conditional }) => conditional);

describe.each(services)("a presigned request, on $name", ({ start }) => {
  let here: TestBucket;
  let gate: Emulator | undefined;
  let lateMs = 0;
  beforeAll(async () => {
    here = await start();
    const { connection } = here;
    if (connection !== undefined)
      gate = await startPresignedGate(connection.endpoint, {
        secret: connection.credentials.secretAccessKey,
        now: () => Date.now() + lateMs,
      });
  });
  afterAll(async () => {
    await gate?.stop();
    await here?.stop();
  });

  let store: S3Store;
  /** Signs for the gate; where there is none, for the service itself. */
  let signing: S3Store;
  beforeEach(() => {
    lateMs = 0;
    const options = { ...here, prefix: here.newPrefix(), maxObjectBytes: 1_000 };
    store = openS3Store(options);
    signing = gate ? openS3Store({ ...options, connection: connectionTo(gate.endpoint) }) : store;
  });

  const send = (request: PresignedRequest, body: Uint8Array<ArrayBuffer> = content) =>
    fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.method === "PUT" && { body }),
    });
  const upload = () => signing.presignUpload(id, content.length);

  test("uploads the content, once, and downloads it", async () => {
    const request = await upload();
    expect((await send(request)).status).toBe(200);
    expect(await store.get(id)).toEqual(content);
    expect((await send(request)).status).toBe(412);
    const answer = await send(await signing.presignDownload(id));
    expect(new Uint8Array(await answer.arrayBuffer())).toEqual(content);
  });

  test("uploads nothing but the content, of its size", async () => {
    const request = await upload();
    expect((await send(request, utf8("the INPUT of a task"))).status).toBe(400);
    // fetch sends the length that the body has, which is not the one that was signed.
    const { "content-length": _, ...headers } = request.headers;
    expect((await send({ ...request, headers }, utf8("longer than announced"))).status).toBe(403);
    expect(await store.get(id)).toBeNull();
  });

  test.each(["if-none-match", "x-amz-checksum-sha256"])(
    "is void without its header %s",
    async (name) => {
      const request = await upload();
      const headers = Object.entries(request.headers).filter(([one]) => one !== name);
      expect((await send({ ...request, headers: Object.fromEntries(headers) })).status).toBe(403);
      expect(await store.get(id)).toBeNull();
    },
  );

  test("is void for another object", async () => {
    const request = await upload();
    const other = contentIdOf(utf8("another"));
    expect((await send({ ...request, url: request.url.replace(id, other) })).status).toBe(403);
    expect(await store.get(other)).toBeNull();
  });

  test("expires soon", async () => {
    const request = await upload();
    const left = request.expiresAt - Date.now();
    expect(left).toBeGreaterThan(limits.presignedMs - 60_000);
    expect(left).toBeLessThanOrEqual(limits.presignedMs);
    const early = { ...systemClock, now: () => Date.now() - limits.presignedMs - 1_000 };
    const endpoint = gate && { connection: connectionTo(gate.endpoint) };
    const past = openS3Store({ ...here, ...endpoint, maxObjectBytes: 1_000, clock: early });
    expect((await send(await past.presignUpload(id, content.length))).status).toBe(403);
    expect((await send(await past.presignDownload(id))).status).toBe(403);
  });

  test("is not signed for an object above the store's limit", async () => {
    await expect(store.presignUpload(id, 1_001)).rejects.toMatchObject({
      code: "OBJECT_TOO_LARGE",
    });
  });
});
