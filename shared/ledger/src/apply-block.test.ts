import { expect, test } from "vitest";
import { Actors } from "./testing/actors.ts";
import { TestNetwork } from "./testing/network.ts";

test("an order of honest nodes ends verified, and the points end where the policy says", () => {
  const network = new TestNetwork();
  const actors = new Actors(network);
  const orderId = actors.order();
  const task = actors.finish(orderId);
  expect(task.conclusion?.outcome).toBe("verified");
  expect(task.conclusion?.segmentsSampled).toBeGreaterThan(0);
});
