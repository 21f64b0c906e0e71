import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { doubling, startWorld, type World } from "../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

describe("a task on its way", () => {
  test("goes from a typed input to a checked, typed output with its receipt", async () => {
    const { gateway, requester } = world;
    const states: string[] = [];
    const run = requester.mesh.run(doubling, 21, {
      onState(state) {
        states.push(state.kind);
        if (state.kind === "submitted")
          gateway.advance(state.orderId, { kind: "closed", result: null });
        if (state.kind === "closed")
          gateway.conclude(state.orderId, new TextEncoder().encode("42"));
      },
    });
    const done = await run;
    expect(done.output).toBe(42);
    expect(states).toEqual(["submitted", "closed", "done"]);
    expect(done.outcome).toBe("verified");
    expect(done.fuel).toBe(2n ** 60n);
    expect(new TextDecoder().decode(done.receipt)).toBe(`receipt ${done.orderId}`);
    const [order] = gateway.placed;
    expect(order?.objects.map((object) => new TextDecoder().decode(object))).toEqual([
      new TextDecoder().decode(doubling.program),
      "21",
    ]);
  });
});
