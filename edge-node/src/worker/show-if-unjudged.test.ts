import { type Clock, systemClock } from "@meshwork/foundation";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import type { TaskRecord, TransactionBody } from "@meshwork/protocol";
import { expect, test } from "vitest";
import type { TaskLedger } from "../ports.ts";
import { showIfUnjudged } from "./show-if-unjudged.ts";

const network = new TestNetwork({ members: 8 });
const actors = new Actors(network);
const task = actors.until(actors.order(), ({ phase }) => phase === "audit");
const [place] = task.workers;
if (place === undefined) throw new Error("nobody was drawn");
const reveal = actors.revealOf(place.node, task.orderId);

/** What the worker tells the ledger, whose record becomes `next` unless time runs out before. */
async function told(next: TaskRecord | null): Promise<TransactionBody[]> {
  const brought: TransactionBody[] = [];
  const clock: Clock = {
    ...systemClock,
    setTimer(_, fire) {
      if (next === null) fire();
      return () => {};
    },
  };
  const ledger: TaskLedger = {
    chainId: network.chainId,
    task: () => task,
    async until(_, holds, signal) {
      signal.throwIfAborted();
      if (next === null || !holds(next)) throw new Error("it waits for ever");
      return next;
    },
    transact: async (body) => void brought.push(body),
  };
  const assignment = { orderId: task.orderId, attempt: 0, role: "worker" } as const;
  const { signal } = new AbortController();
  await showIfUnjudged({ clock, ledger, log: silentLog }, assignment, reveal, signal);
  return brought;
}

test("no verdict in time: the result is shown on the ledger, which takes it", async () => {
  const [body] = await told(null);
  expect(body?.kind).toBe("show");
  const sender = network.memberOf(place.node);
  expect(body && network.refused(sender, body)).toBeUndefined();
});

test("a verdict, or another attempt: there is nothing to show", async () => {
  expect(await told({ ...task, phase: "done" })).toEqual([]);
  expect(await told({ ...task, attempt: 1 })).toEqual([]);
});
