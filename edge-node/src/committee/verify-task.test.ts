import type { NodeId } from "@meshwork/foundation";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import type { TransactionBody } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { type VerifierParts, verifyTask } from "./verify-task.ts";

test("a verifier who was not told what the task is takes no seat: another may be called", async () => {
  const network = new TestNetwork({ members: 8 });
  const actors = new Actors(network);
  const task = actors.until(actors.order(), ({ phase }) => phase === "running");
  const told: TransactionBody[] = [];
  const waiting = new Error("it waits for the dispatch");
  const parts = {
    me: task.verifiers[0]?.node as NodeId,
    dispatches: { get: () => null },
    mail: { received: () => [], until: () => Promise.reject(waiting) },
    ledger: {
      until: async () => task,
      transact: async (body: TransactionBody) => void told.push(body),
    },
    secrets: () => "5e".repeat(32),
  } as unknown as VerifierParts;
  const assignment = { orderId: task.orderId, attempt: 0, role: "verifier" } as const;
  const verified = verifyTask(parts, assignment, new AbortController().signal);
  await expect(verified).rejects.toBe(waiting);
  expect(told).toEqual([]);
});
