import { limits, type OrderId, utf8 } from "@meshwork/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toBase64 } from "../base64.ts";
import { query, randomHash, startWorld, type World } from "../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

describe("a result", () => {
  const result = (orderId: OrderId, unverified = false) =>
    world.requester.get(query("tasks.result", { orderId, unverified }));

  test("is pending, then one worker's word for who asks for it, then concluded", async () => {
    const orderId = world.gateway.addTask(world.requester.account);
    expect((await result(orderId, true)).data).toMatchObject({
      kind: "pending",
      stage: "submitted",
    });
    world.gateway.deliver(orderId, utf8("early"));
    expect((await result(orderId)).data).toMatchObject({ kind: "pending" });
    expect((await result(orderId, true)).data).toMatchObject({
      kind: "unverified",
      output: toBase64(utf8("early")),
    });
    world.gateway.conclude(orderId, utf8("checked"));
    expect((await result(orderId, true)).data).toMatchObject({
      kind: "concluded",
      outcome: "verified",
      result: { fuel: "1152921504606846976" },
      output: toBase64(utf8("checked")),
    });
  });

  test("of the largest size comes whole, and many come at a time", async () => {
    const authorization = `Bearer ${await world.requester.token()}`;
    const lengthOf = async (sizeBytes: number) => {
      const orderId = world.gateway.addTask(world.requester.account);
      world.gateway.conclude(orderId, new Uint8Array(sizeBytes));
      const path = query("tasks.result", { orderId });
      const { data } = await world.get(path, { authorization });
      return (data as { output: string }).output.length;
    };
    expect(await lengthOf(limits.outputBytes)).toBe(4 * Math.ceil(limits.outputBytes / 3));
    // Far more than the memory would hold if each were large.
    const lengths = await Promise.all(Array.from({ length: 40 }, () => lengthOf(3_000)));
    expect(new Set(lengths)).toEqual(new Set([4_000]));
  });

  test("has its receipt once it is concluded", async () => {
    const orderId = world.gateway.addTask(world.requester.account);
    const receipt = () => world.requester.get(query("tasks.receipt", { orderId }));
    expect((await receipt()).data).toEqual({ kind: "pending", orderId });
    world.gateway.conclude(orderId, utf8("x"));
    expect((await receipt()).data).toMatchObject({ kind: "ready" });
  });

  test.each(["tasks.get", "tasks.result", "tasks.receipt"])(
    "%s is for the requester alone",
    async (procedure) => {
      const orderId = world.gateway.addTask(world.requester.account);
      const own = query(procedure, { orderId });
      expect((await world.requester.get(own)).status).toBe(200);
      expect(await world.stranger.get(own)).toMatchObject({ status: 403, code: "TASK_FOREIGN" });
      expect(await world.get(own)).toMatchObject({ status: 401, code: "CREDENTIAL_MISSING" });
    },
  );

  test("of an order that the ledger does not know is refused", async () => {
    const unknown = randomHash();
    const answer = await world.requester.get(query("tasks.get", { orderId: unknown }));
    expect(answer).toMatchObject({ status: 404, code: "TASK_UNKNOWN" });
    expect(answer.message).toContain(unknown);
  });
});

describe("a quote", () => {
  const quote = (wish: object) => world.requester.get(query("tasks.quote", wish));
  const wish = { risk: 1e-3, maxCost: 3, fuel: "20000000000" };

  test("names a policy for the risk, its cost, and what both assume", async () => {
    expect((await quote(wish)).data).toMatchObject({
      policy: { auditRate: 65_536 },
      cost: 3,
      assumption: { cheaters: 0.1, newcomers: 0, steps: 16 },
      price: "60",
    });
    const trusting = await quote({ ...wish, assumption: { cheaters: 1e-4 } });
    expect(trusting.data).toMatchObject({
      policy: { replicas: 1 },
      assumption: { cheaters: 1e-4 },
    });
  });

  test("that nobody can keep is refused with the risk that can be had", async () => {
    const refused = await quote({ ...wish, risk: 1e-9, maxCost: 1.1 });
    expect(JSON.stringify(refused)).toMatch(/PLAN_INFEASIBLE/);
    expect(JSON.stringify(refused)).toMatch(/for 1.1 runs the risk is 0\.\d+ at least/);
  });
});
