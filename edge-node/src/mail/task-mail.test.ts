import { limits, type NodeId, type OrderId } from "@meshwork/foundation";
import { type TaskMessage, taskMessage } from "@meshwork/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import type { TaskMail } from "../ports.ts";
import { createTaskMail } from "./task-mail.ts";

const node = (name: string) => name.padEnd(44, "x") as NodeId;
const order = (number: number) => number.toString(16).padStart(64, "0") as OrderId;
const [worker, verifier, stranger] = ["worker", "verifier", "stranger"].map(node) as [
  NodeId,
  NodeId,
  NodeId,
];

let parties: Map<OrderId, NodeId[]>;
let deliver: (from: NodeId, payload: Uint8Array) => void;
let heard: TaskMessage[];
let mail: TaskMail;

beforeEach(() => {
  [parties, heard] = [new Map([[order(1), [worker, verifier]]]), []];
  mail = createTaskMail(
    {
      send: async () => {},
      onMessage: (handler) => {
        deliver = handler;
      },
      shareOrder: (orderId, from) => parties.get(orderId)?.includes(from) ?? false,
    },
    { onLetter: async ({ message }) => void heard.push(message) },
  );
});

const write = (
  from: NodeId,
  orderId: OrderId,
  message: object = { kind: "report", evidence: [] },
) => deliver(from, taskMessage.encode({ orderId, attempt: 0, ...message } as TaskMessage));
const progress = (stepsDone: number) => ({ kind: "progress", stepsDone, steps: 9 });
const countOf = (orderId: OrderId) => mail.received(orderId, "report").length;

describe("letters about a task", () => {
  test("of those who have a part in it are kept, and whoever waits hears of them", async () => {
    const waiting = mail.until(
      order(1),
      () => countOf(order(1)) || null,
      AbortSignal.timeout(5_000),
    );
    write(worker, order(1));
    expect(await waiting).toBe(1);
    expect(heard).toHaveLength(1);
  });

  test("made up by a stranger, of whatever orders, push nobody's out", () => {
    write(worker, order(1));
    for (let i = 0; i < 2 * limits.orderBoxes; i++) write(stranger, order(i));
    expect(countOf(order(1))).toBe(1);
    expect(heard).toHaveLength(1);
    const kept = Array.from({ length: 2 * limits.orderBoxes }, (_, i) => order(i));
    for (const orderId of kept) parties.set(orderId, [stranger]);
    const strangers = kept.filter((orderId) => countOf(orderId) > 0);
    expect(strangers).toHaveLength(limits.earlyLettersPerSender);
  });

  test("that come before the ledger tells of their sender's part are there when it does", () => {
    write(worker, order(2));
    expect(countOf(order(2))).toBe(0);
    parties.set(order(2), [worker]);
    expect(countOf(order(2))).toBe(1);
  });

  test("of one who floods cost him his own, and nobody else's", () => {
    for (let i = 0; i < limits.lettersPerSender + 5; i++) write(worker, order(1));
    write(verifier, order(1));
    expect(countOf(order(1))).toBe(limits.lettersPerSender + 1);
  });

  test("of progress only the newest counts, however many there were", () => {
    for (let i = 0; i < 3 * limits.lettersPerSender; i++) write(worker, order(1), progress(i));
    expect(mail.received(order(1), "progress").map(({ message }) => message.stepsDone)).toEqual([
      3 * limits.lettersPerSender - 1,
    ]);
    expect(heard).toHaveLength(3 * limits.lettersPerSender);
  });
});
