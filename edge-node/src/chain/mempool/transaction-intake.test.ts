import { limits, type NodeId, systemClock } from "@meshwork/foundation";
import { silentLog } from "@meshwork/observability";
import type { Transaction } from "@meshwork/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import type { SignedBy } from "../store/remembered-checks.ts";
import { TransactionIntake } from "./transaction-intake.ts";

/** Here a transaction is its name; one that begins with `!` is forged. */
const named = (name: string) => name as unknown as Transaction;
const many = (count: number, prefix = "") =>
  Array.from({ length: count }, (_, i) => named(`${prefix}${i}`));
const isForged = (transaction: Transaction) => String(transaction).startsWith("!");
const [peer, other] = ["P", "Q"].map((name) => name.repeat(44)) as [NodeId, NodeId];

let now: number;
let taken: string[];
/** Checks made anywhere. */
let checked: number;
let threads: (() => void)[];
let forgers: NodeId[];
let intake: TransactionIntake;
beforeEach(() => {
  [now, checked, taken, threads, forgers] = [0, 0, [], [], []];
  intake = new TransactionIntake({
    mempool: {
      worthChecking: (_, transactions) =>
        transactions.map((transaction) => ({ transaction }) as SignedBy),
      receive(_, transactions) {
        for (const each of transactions) if (!isForged(each)) taken.push(String(each));
        return transactions.filter(isForged).length;
      },
    },
    checks: {
      async prepare(_, signed) {
        checked += signed.length;
        await new Promise<void>((resolve) => threads.push(resolve));
        return new Set(signed.map(({ transaction }) => transaction).filter(isForged));
      },
    },
    pool: { verify: async () => [] },
    clock: { ...systemClock, monotonic: () => now },
    log: silentLog,
    onForger: (from) => forgers.push(from),
  });
});
async function threadsAnswer(): Promise<void> {
  while (threads.length > 0) {
    threads.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("what a peer brings", () => {
  test("is in the pool at once when it is little", () => {
    intake.receive(peer, many(3));
    expect([taken, checked]).toEqual([["0", "1", "2"], 0]);
  });

  test("keeps its order when threads check it, and does not hold up others", async () => {
    intake.receive(peer, many(100));
    intake.receive(peer, many(2, "late "));
    intake.receive(other, many(1, "other "));
    expect(taken).toEqual(["other 0"]);
    await threadsAnswer();
    expect(taken.slice(1)).toEqual([...many(100), ...many(2, "late ")].map(String));
  });

  test("waits in bounds: what is more is dropped", async () => {
    for (let i = 0; i < limits.intakeFrames + 5; i++) intake.receive(peer, many(20, `${i} `));
    await threadsAnswer();
    expect(taken).toHaveLength(limits.intakeFrames * 20);
    intake.receive(peer, many(1, "again "));
    expect(taken.at(-1)).toBe("again 0");
  });
});

describe("a forger", () => {
  test("costs a few checks a minute, however many forgeries it brings", async () => {
    for (let i = 0; i < 100; i++) {
      intake.receive(peer, many(256, "!"));
      await threadsAnswer();
      now += 100;
    }
    expect(checked).toBeLessThanOrEqual(128);
    expect([taken, forgers]).toEqual([[], [peer]]);
    now += limits.forgeryMemoryMs;
    intake.receive(peer, many(2));
    expect(taken).toEqual(["0", "1"]);
  });

  test("that brings them one by one is found out too, and the others are heard", () => {
    for (let i = 0; i <= limits.forgeries; i++) intake.receive(peer, [named(`!${i}`)]);
    intake.receive(peer, many(1));
    intake.receive(other, many(1, "other "));
    expect([taken, forgers]).toEqual([["other 0"], [peer]]);
  });

  test("is not who brought a wrong one now and then", () => {
    for (let i = 0; i < 10 * limits.forgeries; i++) {
      intake.receive(peer, [named(`!${i}`)]);
      now += limits.forgeryMemoryMs / limits.forgeries + 1;
    }
    intake.receive(peer, many(1));
    expect([taken, forgers]).toEqual([["0"], []]);
  });
});
