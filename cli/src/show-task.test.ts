import type { TaskState } from "@meshwork/api/client";
import type { NodeId, OrderId } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { shortName, stateTeller } from "./show-task.ts";

const node = "2Za1oJtedRSQm4o6HvAiHHn5p2ixFgJxr9L9DKz78hkbJkuvWk" as NodeId;
const seen = {
  orderId: "ab".repeat(32) as OrderId,
  workers: [{ node, state: "accepted" }],
  verifiers: [],
};
const running = (stepsDone: number): TaskState => ({
  ...seen,
  kind: "running",
  progress: [{ worker: node, stepsDone, steps: 100 }],
  result: null,
});

test("states that read alike are told once, and progress in quarters", () => {
  const lines: string[] = [];
  const tell = stateTeller((stage, what) => lines.push(`${stage}: ${what}`), shortName);
  for (const done of [0, 1, 24, 25, 49, 50]) tell(running(done));
  expect(lines).toEqual([
    "running: …JkuvWk work; nobody yet verify",
    "running: …JkuvWk work (25 % done); nobody yet verify",
    "running: …JkuvWk work (50 % done); nobody yet verify",
  ]);
});

test("an outcome is told in its own word, with what was executed again", () => {
  const lines: string[] = [];
  stateTeller(
    (stage, what) => lines.push(`${stage}: ${what}`),
    shortName,
  )({
    ...seen,
    kind: "done",
    outcome: "failed",
    result: null,
    segments: { sampled: 0, of: 0 },
  });
  expect(lines).toEqual(["failed: no result"]);
});
