import { type NodeId, systemClock } from "@meshwork/foundation";
import { TestNetwork, testOrder } from "@meshwork/ledger/testing";
import { consensusMessageWire, type Transaction } from "@meshwork/protocol";
import { beforeEach, expect, test } from "vitest";
import { TransactionSharing } from "./share-transactions.ts";

const network = new TestNetwork();
const order = testOrder(network.requester.nodeId);
const transactionOf = () => network.sign(network.requester, { kind: "submit", order });
const member = "M".repeat(44) as NodeId;

let now: number;
let waiting: Transaction[];
/** How many transactions each frame had, and to whom. */
let sent: [string, number][];
let sharing: TransactionSharing;
beforeEach(() => {
  [now, waiting, sent] = [0, [], []];
  const count = (to: string, frame: Uint8Array) => {
    const message = consensusMessageWire.decode(frame);
    if (message.kind === "transactions") sent.push([to, message.transactions.length]);
  };
  sharing = new TransactionSharing(
    { send: (to, frame) => count(to, frame), broadcast: (frame) => count("all", frame) },
    () => waiting,
    { ...systemClock, monotonic: () => now },
  );
});
const handIn = (count: number) => {
  for (let i = 0; i < count; i++) {
    const transaction = transactionOf();
    waiting.push(transaction);
    sharing.add(transaction);
  }
  return new Promise((resolve) => setImmediate(resolve));
};

test("those of one turn leave together, and are sent again at growing intervals while they wait", async () => {
  await handIn(3);
  expect(sent).toEqual([["all", 3]]);
  const times: number[] = [];
  for (now = 0; now <= 20_000; now += 250) {
    const before = sent.length;
    sharing.again();
    if (sent.length > before) times.push(now);
  }
  expect(times).toEqual([500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500]);
});

test("what a stranger brought is passed on at the next tick, and a member that comes back gets all", async () => {
  await handIn(2);
  waiting.push(transactionOf());
  sharing.again();
  sharing.againTo(member);
  expect(sent).toEqual([
    ["all", 2],
    ["all", 1],
    [member, 3],
  ]);
});
