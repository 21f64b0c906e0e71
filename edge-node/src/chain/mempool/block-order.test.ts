import { limits, type NodeId } from "@meshwork/foundation";
import type { Transaction, TransactionBody } from "@meshwork/protocol";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { inBlockOrder, type Waiting } from "./block-order.ts";

interface Named extends Waiting {
  readonly name: string;
}
const waits = (
  name: string,
  body: { kind: TransactionBody["kind"]; order?: { priority: number } },
  { sender = name, receivedAt = 0 }: { sender?: string; receivedAt?: number } = {},
): Named => ({
  name,
  receivedAt,
  sender: sender as NodeId,
  transaction: { unsigned: { body } } as unknown as Transaction,
});
const submit = (priority: number) => ({ kind: "submit" as const, order: { priority } });
const namesOf = (waiting: readonly Named[], now = 0) =>
  [...inBlockOrder(waiting, now)].map(({ name }) => name);

describe("what a leader offers to its block", () => {
  test("begins with evidence, then what has a deadline, then orders by their priority, then the rest", () => {
    const waiting = [
      waits("rest", { kind: "register" }),
      waits("slow", submit(0)),
      waits("fast", submit(3)),
      waits("commit", { kind: "commit" }),
      waits("fault", { kind: "fault" }),
      waits("accept", { kind: "accept" }),
    ];
    const order = ["fault", "commit", "accept", "fast", "slow", "rest"];
    expect(namesOf(waiting)).toEqual(order);
  });

  test("is not delayed by a flood of one sender", () => {
    const flood = Array.from({ length: 256 }, (_, i) =>
      waits(`flood ${i}`, submit(0), { sender: "flooder" }),
    );
    const waiting = [...flood, waits("other", submit(0)), waits("urgent", { kind: "show" })];
    expect(namesOf(waiting).slice(0, 4)).toEqual(["urgent", "flood 0", "other", "flood 1"]);
  });

  test("has all that has waited long enough before what is fresh, whatever was paid", () => {
    const among = (now: number) => {
      const fresh = Array.from({ length: 5 }, (_, i) =>
        waits(`${i}`, submit(3), { receivedAt: now }),
      );
      return namesOf([waits("old", { kind: "register" }), ...fresh], now);
    };
    expect(among(4 * limits.mempoolAgeingMs)[0]).toBe("old");
    expect(among(4 * limits.mempoolAgeingMs - 1).at(-1)).toBe("old");
  });

  test("is all that waits, each once, each sender's own of a rank as they came", () => {
    const one = fc.record({
      priority: fc.integer({ min: 0, max: 3 }),
      sender: fc.constantFrom("a", "b", "c"),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), (orders) => {
        const waiting = orders.map(({ priority, sender }, i) =>
          waits(`${i}`, submit(priority), { sender }),
        );
        const names = namesOf(waiting);
        expect([...names].sort()).toEqual(waiting.map(({ name }) => name).sort());
        for (const sender of ["a", "b", "c"])
          for (const priority of [0, 1, 2, 3]) {
            const own = names.map(Number).filter((i) => {
              const order = orders[i];
              return order?.sender === sender && order.priority === priority;
            });
            expect(own).toEqual(own.toSorted((a, b) => a - b));
          }
      }),
    );
  });
});
