import { connect } from "node:net";
import { limits } from "@meshwork/foundation";
import { contentIdOf } from "@meshwork/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doorLimits } from "./door-limits.ts";
import { patiently, randomHex, startWorld, type World } from "./testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const bytesOf = (text: string) => new TextEncoder().encode(text);

describe("an upload", () => {
  test("is taken under the name of its content", async () => {
    const bytes = bytesOf("some input");
    const answer = await world.requester.put(contentIdOf(bytes), bytes);
    expect(answer).toMatchObject({
      status: 200,
      data: { contentId: contentIdOf(bytes), sizeBytes: 10 },
    });
  });

  test("of no bytes is an object, too", async () => {
    const nothing = new Uint8Array(0);
    expect((await world.requester.put(contentIdOf(nothing), nothing)).status).toBe(200);
  });

  test("whose bytes are not those that were declared is refused, naming both", async () => {
    const declared = contentIdOf(bytesOf("declared"));
    const answer = await world.requester.put(declared, bytesOf("something else"));
    expect(answer).toMatchObject({ status: 400, code: "OBJECT_HASH_MISMATCH" });
    expect(answer.message).toContain(declared);
    expect(answer.message).toContain(contentIdOf(bytesOf("something else")));
  });

  test("needs a requester", async () => {
    const response = await fetch(`${world.server.url}/objects/${contentIdOf(bytesOf("x"))}`, {
      method: "PUT",
      body: "x",
    });
    expect(response.status).toBe(401);
  });

  test("under a name that is none is refused", async () => {
    for (const name of ["x", "Qmabc", `bafkrei${"a".repeat(53)}`, "..%2f..%2fetc"]) {
      const answer = await world.requester.put(name, bytesOf("x"));
      expect(answer, name).toMatchObject({ status: 400, code: "INPUT_INVALID" });
    }
  });

  test("that is too large is refused before it is read, and the socket is closed", async () => {
    const token = await world.requester.token();
    const reply = await rawRequest(
      `PUT /objects/${contentIdOf(bytesOf("x"))} HTTP/1.1\r\nhost: x\r\n` +
        `authorization: Bearer ${token}\r\ncontent-length: ${limits.inputBytes + 1}\r\n\r\nonly this`,
    );
    expect(reply).toMatch(/^HTTP\/1.1 413 /);
    expect(reply).toMatch(/connection: close/i);
    expect(reply).toContain("BODY_TOO_LARGE");
  });

  test("without a stated length is refused", async () => {
    const token = await world.requester.token();
    const reply = await rawRequest(
      `PUT /objects/${contentIdOf(bytesOf("x"))} HTTP/1.1\r\nhost: x\r\n` +
        `authorization: Bearer ${token}\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n`,
    );
    expect(reply).toMatch(/^HTTP\/1.1 400 /);
    expect(reply).toContain("LENGTH_MISSING");
  });

  test("beyond one requester's share is refused, and others still have theirs", async () => {
    const one = await startWorld();
    for (let i = 0; i < doorLimits.stagedObjectsPerAccount; i++) {
      const bytes = bytesOf(`object ${i}`);
      expect((await one.requester.put(contentIdOf(bytes), bytes)).status).toBe(200);
    }
    const more = bytesOf("one more");
    const refused = await one.requester.put(contentIdOf(more), more);
    expect(refused).toMatchObject({ status: 429, code: "STAGING_QUOTA" });
    expect((await one.stranger.put(contentIdOf(more), more)).status).toBe(200);
    one.clock.advance(doorLimits.stagedMs + 1);
    expect((await one.requester.put(contentIdOf(more), more)).status).toBe(200);
    await one.stop();
  });

  test("that breaks off gives its room back", async () => {
    const one = await startWorld();
    const bytes = bytesOf("x");
    const head =
      `PUT /objects/${contentIdOf(bytes)} HTTP/1.1\r\nhost: x\r\n` +
      `authorization: Bearer ${await one.requester.token()}\r\ncontent-length: 1000\r\n\r\n`;
    for (let i = 0; i <= doorLimits.stagedObjectsPerAccount; i++)
      await brokenRequest(one, head + randomHex(100));
    await expect
      .poll(async () => (await one.requester.put(contentIdOf(bytes), bytes)).status, patiently)
      .toBe(200);
    await one.stop();
  });
});

/** The whole answer to a request of which we write the bytes ourselves, until the server closes. */
function rawRequest(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(world.server.port, "127.0.0.1", () => socket.write(text));
    let reply = "";
    socket.setEncoding("utf8").on("data", (chunk) => {
      reply += chunk;
    });
    socket.on("close", () => resolve(reply)).on("error", reject);
  });
}

/** Sends `text` and hangs up as soon as it is on its way. */
function brokenRequest(one: World, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(one.server.port, "127.0.0.1", () =>
      socket.write(text, () => socket.destroy()),
    );
    socket.on("close", () => resolve());
  });
}
