import { sha256Hex } from "@meshwork/crypto";
import type { NodeId, OrderId } from "@meshwork/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doorLimits } from "./door-limits.ts";
import { type SignedRequest, signRequest } from "./signed-request.ts";
import { FAKE_CHAIN } from "./testing/fake-gateway.ts";
import { query, randomHex, requesterAt, startWorld, type World } from "./testing/world.ts";

let world: World;
let orderId: OrderId;
let path: string;
beforeAll(async () => {
  world = await startWorld();
  orderId = world.gateway.addTask(world.requester.account);
  path = query("tasks.get", { orderId });
});
afterAll(() => world.stop());

const NO_BODY = sha256Hex(new Uint8Array(0));

/** A request by the requester, wrong in what `change` says. */
function signed(change: Partial<SignedRequest> = {}): string {
  return signRequest(world.requester.keyPair, {
    chainId: FAKE_CHAIN,
    account: world.requester.account,
    method: "GET",
    path,
    bodyHash: NO_BODY,
    sent: world.clock.now(),
    nonce: randomHex(16),
    ...change,
  });
}
const ask = (authorization: string) => world.get(path, { authorization });

describe("a signed request", () => {
  test("shows the requester his own task, and nobody else", async () => {
    expect(await ask(signed())).toMatchObject({
      status: 200,
      data: { kind: "submitted", orderId },
    });
    expect(await world.get(path)).toMatchObject({ status: 401, code: "CREDENTIAL_MISSING" });
    expect(await world.stranger.get(path)).toMatchObject({ status: 403, code: "TASK_FOREIGN" });
  });

  test("serves once", async () => {
    const authorization = signed();
    expect((await ask(authorization)).status).toBe(200);
    expect(await ask(authorization)).toMatchObject({ status: 401, code: "REQUEST_REPLAYED" });
  });

  test("serves near its date only, and the refusal says what time it is here", async () => {
    const now = world.clock.now();
    for (const skew of [-1, 1]) {
      const sent = now + skew * (doorLimits.requestWindowMs + 5_000);
      const answer = await ask(signed({ sent }));
      expect(answer).toMatchObject({ status: 401, code: "REQUEST_EXPIRED" });
      expect(answer.message).toContain(String(sent));
    }
  });

  test.each<[string, Partial<SignedRequest>]>([
    ["another path", { path: "/trpc/tasks.get?input=1" }],
    ["another method", { method: "PUT" }],
    ["another network", { chainId: "d".repeat(64) as SignedRequest["chainId"] }],
  ])("over %s is refused", async (_what, change) => {
    expect(await ask(signed(change))).toMatchObject({ status: 401, code: "BAD_SIGNATURE" });
  });

  test("in another's name is refused", async () => {
    const answer = await ask(signed({ account: world.stranger.account }));
    expect(answer).toMatchObject({ status: 401, code: "BAD_SIGNATURE" });
  });

  test("by an account that the ledger does not know is refused", async () => {
    const nobody = requesterAt(world.server, { clock: world.clock });
    const answer = await ask(signed({ account: nobody.account as NodeId }));
    expect(answer).toMatchObject({ status: 401, code: "ACCOUNT_UNKNOWN" });
    expect(answer.message).toContain(nobody.account);
  });

  test("over another body is refused", async () => {
    const authorization = signed({ method: "POST", path: "/trpc/session.open" });
    const answer = await world.post("session.open", { a: 1 }, { authorization });
    expect(answer).toMatchObject({ status: 401, code: "BODY_HASH_MISMATCH" });
  });

  test.each(["Meshwork", "Basic YTpi", "Bearer", "Bearer a b", "Meshwork account=x"])(
    "must have the form that is written down: %s does not",
    async (header) => {
      expect(await ask(header)).toMatchObject({ status: 401, code: "CREDENTIAL_MALFORMED" });
    },
  );

  test("with any one character changed is refused", async () => {
    const header = signed();
    const start = header.indexOf("account=");
    for (let i = start; i < header.length; i += 7) {
      const other = header[i] === "0" ? "1" : "0";
      const changed = header.slice(0, i) + other + header.slice(i + 1);
      expect((await ask(changed)).status, changed).toBe(401);
    }
    expect((await ask(header)).status).toBe(200);
  });
});

describe("a session", () => {
  test("is opened by one signed request and serves for the rest", async () => {
    const authorization = `Bearer ${await world.requester.token()}`;
    for (let i = 0; i < 3; i++) expect((await ask(authorization)).status).toBe(200);
  });

  test("is a credential of its account alone", async () => {
    const authorization = `Bearer ${await world.stranger.token()}`;
    expect(await ask(authorization)).toMatchObject({ status: 403, code: "TASK_FOREIGN" });
  });

  test("cannot open another, and nobody can open one without a signature", async () => {
    const authorization = `Bearer ${await world.requester.token()}`;
    const prolonged = await world.post("session.open", undefined, { authorization });
    expect(prolonged).toMatchObject({ status: 401, code: "CREDENTIAL_MISSING" });
    expect((await world.post("session.open", undefined)).status).toBe(401);
  });

  test("works in the query, where EventSource has to put it", async () => {
    const params = { authorization: `Bearer ${await world.requester.token()}` };
    const inQuery = `&connectionParams=${encodeURIComponent(JSON.stringify(params))}`;
    expect((await world.get(path + inQuery)).status).toBe(200);
    const forged = encodeURIComponent(JSON.stringify({ authorization: "Bearer x.y" }));
    expect(await world.get(`${path}&connectionParams=${forged}`)).toMatchObject({
      status: 401,
      code: "SESSION_INVALID",
    });
  });

  test("of another server, or changed, is refused", async () => {
    const token = await world.requester.token();
    for (const i of [0, 5, token.indexOf(".") + 1]) {
      const changed = token.slice(0, i) + (token[i] === "A" ? "B" : "A") + token.slice(i + 1);
      const answer = await ask(`Bearer ${changed}`);
      expect(answer).toMatchObject({ status: 401, code: "SESSION_INVALID" });
    }
  });

  test("is refused where others can read it: behind a proxy that nobody vouched for", async () => {
    const authorization = `Bearer ${await world.requester.token()}`;
    const answer = await world.get(path, { authorization, "x-forwarded-for": "192.0.2.1" });
    expect(answer).toMatchObject({ status: 401, code: "CREDENTIAL_EXPOSED" });
  });

  test("ends by itself", async () => {
    const authorization = `Bearer ${await world.requester.token()}`;
    world.clock.advance(doorLimits.sessionMs + 1);
    expect(await ask(authorization)).toMatchObject({ status: 401, code: "SESSION_EXPIRED" });
  });
});

test("behind a trusted proxy a bearer is taken over https and refused over http", async () => {
  const behind = await startWorld({ trustProxy: true });
  const own = query("tasks.get", { orderId: behind.gateway.addTask(behind.requester.account) });
  const authorization = `Bearer ${await behind.requester.token()}`;
  const over = (scheme: string) =>
    behind.get(own, { authorization, "x-forwarded-proto": scheme, "x-forwarded-for": "192.0.2.1" });
  expect((await over("https")).status).toBe(200);
  expect(await over("http")).toMatchObject({ status: 401, code: "CREDENTIAL_EXPOSED" });
  await behind.stop();
});
