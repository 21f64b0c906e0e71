import { limits } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { runOnWorld } from "./run-on-world.ts";
import { firstSegment, ordinaryLimits } from "./testing/tasks.ts";

test("a child that was taken over cannot ask for ever", async () => {
  let asked = 0;
  const world = {
    answer: async (requests: readonly string[]) => {
      asked += requests.length;
      return requests.map(() => "{}");
    },
  };
  const child = { ask: async () => ({ kind: "asks", requests: ["a", "b", "c"] }) as const };
  const run = runOnWorld(child, { limits: ordinaryLimits, world }, firstSegment);
  await expect(run).rejects.toMatchObject({ code: "CHILD_LIES" });
  expect(asked).toBeLessThanOrEqual(limits.exchangesPerTask);
});
