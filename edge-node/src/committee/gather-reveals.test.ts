import { type Digest, type NodeId, systemClock } from "@meshwork/foundation";
import { Actors, seededDigest, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  closedSet,
  seatedVerifiers,
  type TaskMessage,
  type TaskMessageOf,
  type TaskPlace,
} from "@meshwork/protocol";
import { expect, test } from "vitest";
import type { TaskMail } from "../ports.ts";
import { gatherReveals } from "./gather-reveals.ts";
import type { Verification } from "./verify-task.ts";

const network = new TestNetwork({ members: 8 });
const actors = new Actors(network);
const hurry = { matchMs: 5_000, runMs: 20_000, deliverMs: 800 };
const closed = actors.until(actors.order({ deadlines: hurry }), ({ phase }) => phase === "closed");
const { orderId } = closed;
const [first, second] = closedSet(closed).map(({ node }) => node) as [NodeId, NodeId];
const [mine, liar] = seatedVerifiers(closed) as [TaskPlace, TaskPlace];

const key = (name: string): Digest => seededDigest(name);
const revealOf = (worker: NodeId, outputKey: Digest): TaskMessageOf<"reveal"> => ({
  kind: "reveal",
  orderId,
  attempt: 0,
  reveal: actors.revealOf(worker, orderId),
  outputKey,
  trace: actors.revealOf(worker, orderId).sealedOutput,
  transcript: null,
});

/** What this verifier goes on with when these letters have come; and whom it has asked for what. */
async function gathered(letters: readonly { from: NodeId; message: TaskMessage }[]) {
  const asked = new Set<NodeId>();
  const mail = {
    send: async (_: NodeId, message: TaskMessage) => {
      for (const worker of message.kind === "ask" ? message.missing : []) asked.add(worker);
    },
    received: (_: unknown, kind: string) => letters.filter(({ message }) => message.kind === kind),
    until: (_: unknown, probe: () => unknown, signal: AbortSignal) =>
      probe() ??
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason)),
      ),
  } as unknown as TaskMail;
  const ledger = { chainId: network.chainId } as never;
  const shown = await gatherReveals(
    { me: mine.node, mail, ledger, clock: systemClock, log: silentLog },
    {
      task: closed,
      assignment: { orderId, attempt: 0, role: "verifier" },
      signal: new AbortController().signal,
    } as Verification,
  );
  const keys = (worker: NodeId) => shown.get(worker)?.map(({ outputKey }) => outputKey);
  return { keysOf: { first: keys(first), second: keys(second) }, asked: [...asked] };
}

const own = (worker: NodeId) => ({ from: worker, message: revealOf(worker, key("true")) });
const spoilt = (worker: NodeId) => ({ from: liar.node, message: revealOf(worker, key("false")) });

test("a worker's own letter counts, whatever another brought before it in his name", async () => {
  const { keysOf, asked } = await gathered([spoilt(first), own(first), own(second)]);
  expect(keysOf).toEqual({ first: [key("true")], second: [key("true")] });
  expect(asked).toEqual([]);
});

test("what another brings does not end the waiting: the others are asked, and all they bring is tried", async () => {
  const passedOn = {
    from: seatedVerifiers(closed)[2]?.node as NodeId,
    message: own(first).message,
  };
  const { keysOf, asked } = await gathered([spoilt(first), passedOn, own(second)]);
  expect(asked).toEqual([first]);
  expect(keysOf.first).toEqual([key("false"), key("true")]);
});

test("a reveal that does not open the commitment is none", async () => {
  const { message } = own(first);
  const other = { ...message, reveal: { ...message.reveal, salt: key("another") } };
  const { keysOf, asked } = await gathered([{ from: first, message: other }, own(second)]);
  expect(keysOf.first).toBeUndefined();
  expect(asked).toEqual([first]);
});
