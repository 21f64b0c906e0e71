import { createMetrics, silentLog } from "@meshwork/observability";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doorLimits } from "./door-limits.ts";
import { startServer } from "./server.ts";
import { FAKE_CHAIN, FakeGateway } from "./testing/fake-gateway.ts";
import { query, startWorld, type World } from "./testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

describe("the door", () => {
  test("tells everybody what the ledger shows to everybody, numbers of points as text", async () => {
    expect((await world.get("/trpc/network.get")).data).toMatchObject({
      chainId: FAKE_CHAIN,
      policy: { bond: "1" },
    });
    const { account } = world.requester;
    expect((await world.get(query("accounts.get", { account }))).data).toMatchObject({
      account,
      points: "1000",
    });
    expect((await world.get(query("accounts.why", { account }))).data).toMatchObject([
      { rule: "genesis", delta: "1000", inputs: { granted: "1000" } },
    ]);
  });

  test("shows nodes page by page", async () => {
    const first = (await world.get(query("nodes.list", { limit: 2 }))).data as {
      nodes: { nodeId: string }[];
      next: string;
    };
    expect(first.nodes.map((node) => node.nodeId[0])).toEqual(["1", "2"]);
    const rest = (await world.get(query("nodes.list", { after: first.next }))).data;
    expect(rest).toMatchObject({ nodes: [{ nodeId: "3".repeat(46) }], next: null });
    expect((await world.get("/trpc/nodes.list")).status).toBe(200);
  });

  test("says that it lives, whether it can serve, and what it measured", async () => {
    const text = async (path: string) => {
      const response = await fetch(world.server.url + path);
      return { status: response.status, text: await response.text() };
    };
    expect(await text("/healthz")).toMatchObject({ status: 200 });
    expect(await text("/readyz")).toMatchObject({ status: 200 });
    world.gateway.reason = "no peers yet";
    expect(await text("/readyz")).toEqual({ status: 503, text: "no peers yet\n" });
    world.gateway.reason = null;
    expect((await text("/metrics")).text).toContain("meshwork_api_request_seconds_bucket");
  });

  test("shows its measurements to its own machine only", async () => {
    const answer = await world.get("/metrics", { "x-forwarded-for": "192.0.2.1" });
    expect(answer).toMatchObject({ status: 404, code: "ROUTE_UNKNOWN" });
  });

  test("hardens every answer and names every request", async () => {
    for (const path of ["/healthz", "/trpc/network.get", "/nowhere"]) {
      const { headers } = await world.get(path);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("cache-control")).toBe("no-store");
      expect(headers.get("x-request-id")).toMatch(/^[0-9a-f]{16}$/);
      expect(headers.get("access-control-allow-origin")).toBeNull();
    }
  });

  test("opens to the pages of the origins that were named, and of no other", async () => {
    const open = await startWorld({ corsOrigins: ["https://app.example.org"] });
    const allowed = async (origin: string) =>
      (await open.get("/trpc/network.get", { origin })).headers.get("access-control-allow-origin");
    expect(await allowed("https://app.example.org")).toBe("https://app.example.org");
    expect(await allowed("https://evil.example.org")).toBeNull();
    await open.stop();
  });
});

describe("a wrong request", () => {
  test.each([
    ["/nowhere", 404, "ROUTE_UNKNOWN"],
    ["/trpc/tasks.nothing", 404, "ROUTE_UNKNOWN"],
    ["/trpc/tasks.submit", 405, "METHOD_WRONG"],
    ["/trpc/accounts.get?input=%7B%22account%22%3A7%7D", 400, "INPUT_INVALID"],
    ["/trpc/accounts.get?input=nojson", 400, "INPUT_INVALID"],
    ["/trpc/%ff", 400, "INPUT_INVALID"],
    [`/trpc/nodes.get?input=%7B%22nodeId%22%3A%22${"9".repeat(46)}%22%7D`, 404, "NODE_UNKNOWN"],
  ])("%s has status %i and code %s", async (path, status, code) => {
    expect(await world.get(path)).toMatchObject({ status, code });
  });

  test("with a body that is too large is refused, and the socket is closed", async () => {
    const answer = await world.post("tasks.submit", "x".repeat(doorLimits.callBytes));
    expect(answer).toMatchObject({ status: 413, code: "BODY_TOO_LARGE" });
    expect(answer.headers.get("connection")).toBe("close");
  });

  test("with more calls in a batch than are allowed is refused", async () => {
    const path = Array.from({ length: doorLimits.callsPerRequest + 1 }, () => "network.get");
    const response = await fetch(`${world.server.url}/trpc/${path.join(",")}?batch=1`);
    expect(response.status).toBe(400);
  });

  test("too often is refused, saying when to come again, and is then taken", async () => {
    const slow = await startWorld({ callsPerSecond: 1 });
    const statuses = [];
    for (let i = 0; i < 5; i++) statuses.push((await slow.get("/trpc/network.get")).status);
    expect(statuses).toEqual([200, 200, 200, 200, 429]);
    const refused = await slow.get("/trpc/network.get");
    expect(refused.code).toBe("RATE_LIMITED");
    expect(Number(refused.headers.get("retry-after"))).toBe(1);
    slow.clock.advance(1_000);
    expect((await slow.get("/trpc/network.get")).status).toBe(200);
    await slow.stop();
  });

  test("a batch costs as much as its calls", async () => {
    const slow = await startWorld({ callsPerSecond: 1 });
    const batch = () => slow.get(`/trpc/${"network.get,".repeat(3)}network.get?batch=1`);
    expect((await batch()).status).toBe(200);
    expect((await batch()).status).toBe(429);
    await slow.stop();
  });
});

test("a port that is in use is named, with what to do", async () => {
  const parts = () => ({
    gateway: new FakeGateway(),
    metrics: createMetrics({ processMetrics: false }),
    log: silentLog,
  });
  const { port } = world.server;
  await expect(startServer(parts(), { port })).rejects.toMatchObject({
    code: "LISTEN_PORT_BUSY",
    message: expect.stringContaining(`port ${port}`),
  });
  await expect(startServer(parts(), { port: 0, host: "192.0.2.1" })).rejects.toMatchObject({
    code: "LISTEN_FAILED",
  });
});
