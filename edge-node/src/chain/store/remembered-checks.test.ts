import type { SignatureCheck } from "@meshwork/crypto";
import { TestNetwork, testOrder } from "@meshwork/ledger/testing";
import type { Transaction } from "@meshwork/protocol";
import { expect, test } from "vitest";

import { RememberedChecks, type SignedBy } from "./remembered-checks.ts";

const network = new TestNetwork();
const { requester } = network;
const key = requester.keyPair.publicKey;
const order = testOrder(requester.nodeId);
const signed = (count: number): SignedBy[] =>
  Array.from({ length: count }, () => ({
    key,
    transaction: network.sign(requester, { kind: "submit", order }),
  }));

test("what many ask for at the same time is checked once, and afterwards not at all", async () => {
  const checks = new RememberedChecks();
  const threads = Promise.withResolvers<void>();
  let asked = 0;
  const pool = {
    async verify(some: readonly SignatureCheck[]) {
      asked += some.length;
      await threads.promise;
      return some.map(({ signature }) => signature !== forged.signature);
    },
  };
  const [first, second, third] = signed(3) as [SignedBy, SignedBy, SignedBy];
  const forged: Transaction = {
    ...third.transaction,
    signature: first.transaction.signature.replace(/.$/, (digit) =>
      digit === "0" ? "1" : "0",
    ) as never,
  };
  const bad = { key, transaction: forged };
  const answers = [
    checks.prepare(pool, [first, bad]),
    checks.prepare(pool, [first, second, bad]),
    checks.prepare(pool, [second]),
  ];
  expect(asked).toBe(3);
  threads.resolve();
  expect((await Promise.all(answers)).map((found) => [...found])).toEqual([[forged], [forged], []]);
  expect(checks.unknown([first, second, bad])).toEqual([bad]);
  expect([...(await checks.prepare(pool, [first, second]))]).toEqual([]);
  expect(asked).toBe(3);
  // A "no" is not remembered: it is checked again, and is a "no" again.
  expect(checks.verifyTransaction(key, forged)).toBe(false);
});

test("what is known of a transaction is not known of the same one with another signature, or by another key", () => {
  const checks = new RememberedChecks();
  const [{ transaction }, other] = signed(2) as [SignedBy, SignedBy];
  const forged = { ...transaction, signature: other.transaction.signature };
  const stranger = network.members[0]?.keyPair.publicKey ?? key;
  for (let asked = 0; asked < 2; asked++) {
    expect(checks.verifyTransaction(key, transaction)).toBe(true);
    expect(checks.verifyTransaction(key, forged)).toBe(false);
    expect(checks.verifyTransaction(stranger, transaction)).toBe(false);
    expect(
      checks.unknown([
        { key: stranger, transaction },
        { key, transaction: forged },
      ]),
    ).toHaveLength(2);
    expect(checks.unknown([{ key, transaction }])).toEqual([]);
  }
});
