import { generateKeyPair, nodeIdOf } from "@meshwork/crypto";
import type { ChainId, OrderId } from "@meshwork/foundation";
import { signTransaction, type TransactionBody, transaction } from "@meshwork/protocol";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toBase64 } from "../base64.ts";
import { FAKE_CHAIN } from "../testing/fake-gateway.ts";
import { startWorld, type World } from "../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const keyPair = generateKeyPair();
const signed = (body: TransactionBody, chainId: ChainId = FAKE_CHAIN) =>
  signTransaction(keyPair, {
    chainId,
    sender: nodeIdOf(keyPair.publicKey),
    nonce: 1n,
    notAfter: 1_800_000_000_000,
    body,
  });
const send = (bytes: Uint8Array) =>
  world.post("accounts.transact", { transaction: toBase64(bytes) });

test("what somebody signed about himself, his order or the network's rules is handed in as it is", async () => {
  for (const body of [
    { kind: "leave" },
    { kind: "delegate", candidate: null },
    { kind: "cancel", orderId: "0a".repeat(32) as OrderId },
  ] as const) {
    const sent = signed(body);
    expect((await send(transaction.encode(sent))).data).toEqual({ height: expect.any(Number) });
    expect(world.gateway.transacted.at(-1)).toEqual(sent);
  }
});

test("what nodes say does not come in by this door, nor what is no transaction", async () => {
  const decline = signed({ kind: "decline", orderId: "0a".repeat(32) as OrderId, attempt: 0 });
  const before = world.gateway.transacted.length;
  for (const bytes of [transaction.encode(decline), new Uint8Array(40)])
    expect(await send(bytes)).toMatchObject({ code: "TRANSACTION_MALFORMED" });
  expect(world.gateway.transacted).toHaveLength(before);
});
