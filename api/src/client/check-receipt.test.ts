import type { OrderId } from "@meshwork/foundation";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { receipt as receiptWire } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { requireProof } from "./check-receipt.ts";

const network = new TestNetwork({ members: 6 });
const actors = new Actors(network);
const orderId = actors.order();
const { conclusion } = actors.finish(orderId);
const receipt = receiptWire.encode(network.receiptOf(orderId));
const against = { genesis: network.genesis, now: network.genesis.time };
const told = {
  orderId,
  outcome: conclusion?.outcome ?? "inconclusive",
  resultHash: conclusion?.result?.resultHash ?? "",
};

const INVALID = expect.objectContaining({ code: "RECEIPT_INVALID" });

test("what the ledger concluded is proved by its receipt", () => {
  expect(told.outcome).toBe("verified");
  requireProof(receipt, against, told);
});

test.each([
  ["another order", { orderId: "0".repeat(64) as OrderId }],
  ["another outcome", { outcome: "accepted" as const }],
  ["another result", { resultHash: "0".repeat(64) }],
])("a server that tells of %s is caught", (_what, lie) => {
  expect(() => requireProof(receipt, against, { ...told, ...lie })).toThrow(INVALID);
});

test("a receipt of another network, or changed in any of a hundred places, proves nothing", () => {
  const { genesis } = new TestNetwork({ members: 7 });
  expect(() => requireProof(receipt, { ...against, genesis }, told)).toThrow(INVALID);
  for (let i = 0; i < 100; i++) {
    const changed = Uint8Array.from(receipt);
    const at = Math.floor((i * changed.length) / 100);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => requireProof(changed, against, told), `byte ${at}`).toThrow(INVALID);
  }
});
