import { generateKeyPair } from "@meshwork/crypto";
import { CodedError, type Digest, limits, type NodeId, type OrderId } from "@meshwork/foundation";
import {
  contractHash,
  signTransaction,
  type Transaction,
  type UnsignedTransaction,
} from "@meshwork/protocol";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { toBase64 } from "../base64.ts";
import type { BuiltOrder } from "../client/build-order.ts";
import { doorLimits } from "../door-limits.ts";
import {
  patiently,
  randomHash,
  requesterAt,
  startWorld,
  submission,
  type World,
} from "../testing/world.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

async function upload(order: BuiltOrder, at = world): Promise<void> {
  for (const [id, bytes] of order.objects) await at.requester.put(id, bytes);
}
const submit = (input: unknown) => world.post("tasks.submit", input);

describe("an order", () => {
  test("whose objects were uploaded is placed with them, and names the task", async () => {
    const order = world.requester.order();
    await upload(order);
    expect(await submit(submission(order))).toMatchObject({
      status: 200,
      data: { orderId: order.orderId },
    });
    expect(world.gateway.placed.at(-1)).toMatchObject({
      transaction: order.transaction,
      contract: order.contract,
      blind: order.blind,
    });
  });

  test("twice is one task, also when its objects are gone", async () => {
    const order = world.requester.order();
    await upload(order);
    const before = world.gateway.placed.length;
    for (let i = 0; i < 3; i++)
      expect((await submit(submission(order))).data).toEqual({ orderId: order.orderId });
    expect(world.gateway.placed.length).toBe(before + 1);
  });

  test("whose objects another requester uploaded does not get at them", async () => {
    const order = world.requester.order(987_654_321);
    for (const [id, bytes] of order.objects) await world.stranger.put(id, bytes);
    expect(await submit(submission(order))).toMatchObject({ status: 412, code: "OBJECT_MISSING" });
  });
});

/** Signs an order that is wrong in what `change` says. */
function wrong(change: (unsigned: UnsignedTransaction) => UnsignedTransaction) {
  const order = world.requester.order();
  const transaction = signTransaction(world.requester.keyPair, change(order.transaction.unsigned));
  return { ...order, transaction };
}

describe("an order is refused, with a code of its own and before anything is placed, when", () => {
  let placed = 0;
  beforeEach(() => {
    placed = world.gateway.placed.length;
  });

  test.each<[string, string, () => BuiltOrder]>([
    [
      "it is for another network",
      "ORDER_WRONG_NETWORK",
      () => wrong((unsigned) => ({ ...unsigned, chainId: randomHash() as never })),
    ],
    [
      "it is for another gateway",
      "ORDER_WRONG_GATEWAY",
      () =>
        wrong((unsigned) => {
          if (unsigned.body.kind !== "submit") return unsigned;
          const order = { ...unsigned.body.order, gateway: "2".repeat(46) as NodeId };
          return { ...unsigned, body: { kind: "submit", order } };
        }),
    ],
    [
      "it is no order",
      "ORDER_NOT_A_SUBMIT",
      () =>
        wrong((unsigned) => ({
          ...unsigned,
          body: { kind: "decline", orderId: randomHash() as OrderId, attempt: 0 },
        })),
    ],
    ["it is too old", "ORDER_EXPIRED", () => wrong((unsigned) => ({ ...unsigned, notAfter: 1 }))],
    [
      "it lives too long",
      "ORDER_TOO_LONG_LIVED",
      () =>
        wrong((unsigned) => ({
          ...unsigned,
          notAfter: world.clock.now() + limits.transactionLifetimeMs + 60_000,
        })),
    ],
    [
      "another key signed it",
      "BAD_SIGNATURE",
      () => {
        const order = world.requester.order();
        const { unsigned } = order.transaction;
        return { ...order, transaction: signTransaction(generateKeyPair(), unsigned) };
      },
    ],
    [
      "it was changed after it was signed",
      "BAD_SIGNATURE",
      () => {
        const order = world.requester.order();
        const { unsigned, signature } = order.transaction;
        const transaction: Transaction = {
          unsigned: { ...unsigned, nonce: unsigned.nonce ^ 1n },
          signature,
        };
        return { ...order, transaction };
      },
    ],
    [
      "its sender has no account",
      "ACCOUNT_UNKNOWN",
      () => requesterAt(world.server, { clock: world.clock }).order(),
    ],
    [
      "the blind is another",
      "CONTRACT_HASH_MISMATCH",
      () => ({ ...world.requester.order(), blind: randomHash() as Digest }),
    ],
    [
      "the contract is another",
      "CONTRACT_HASH_MISMATCH",
      () => ({ ...world.requester.order(), contract: world.requester.order(1).contract }),
    ],
    ["nothing was uploaded", "OBJECT_MISSING", () => world.requester.order(123_456_789)],
  ])("%s: %s", async (_why, code, make) => {
    const answer = await submit(submission(make()));
    expect(answer.code).toBe(code);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.message.length).toBeGreaterThan(40);
    expect(world.gateway.placed.length).toBe(placed);
  });

  test("its contract states another size than the upload has", async () => {
    const order = world.requester.order();
    await upload(order);
    const inputs = order.contract.inputs.map((ref) => ({ ...ref, sizeBytes: ref.sizeBytes + 1 }));
    const contract = { ...order.contract, inputs };
    const lying = wrong((unsigned) => {
      if (unsigned.body.kind !== "submit") return unsigned;
      const hash = contractHash(contract, order.blind);
      return {
        ...unsigned,
        body: { kind: "submit", order: { ...unsigned.body.order, contractHash: hash } },
      };
    });
    const answer = await submit(submission({ ...lying, contract, blind: order.blind }));
    expect(answer).toMatchObject({ status: 400, code: "OBJECT_HASH_MISMATCH" });
  });

  test.each<[string, string, (good: ReturnType<typeof submission>) => unknown]>([
    [
      "its bytes are cut",
      "TRANSACTION_MALFORMED",
      (good) => ({ ...good, transaction: cut(good.transaction) }),
    ],
    [
      "its contract is cut",
      "CONTRACT_MALFORMED",
      (good) => ({ ...good, contract: cut(good.contract) }),
    ],
    ["it is empty", "TRANSACTION_MALFORMED", (good) => ({ ...good, transaction: "" })],
    ["it is not base64", "INPUT_INVALID", (good) => ({ ...good, transaction: "%%%" })],
    [
      "its base64 is not canonical",
      "INPUT_INVALID",
      (good) => ({ ...good, contract: `${good.contract} ` }),
    ],
    [
      "it is too long",
      "INPUT_INVALID",
      (good) => ({ ...good, contract: toBase64(new Uint8Array(9_000)) }),
    ],
    ["the blind is no hash", "INPUT_INVALID", (good) => ({ ...good, blind: "00" })],
    ["a field is unknown", "INPUT_INVALID", (good) => ({ ...good, also: 1 })],
    ["a field is missing", "INPUT_INVALID", ({ blind }) => ({ blind })],
    ["there is nothing", "INPUT_INVALID", () => undefined],
  ])("%s: %s", async (_why, code, change) => {
    const answer = await submit(change(submission(world.requester.order())));
    expect(answer).toMatchObject({ status: 400, code });
    expect(world.gateway.placed.length).toBe(placed);
  });
});

const cut = (base64: string) =>
  toBase64(new Uint8Array(Buffer.from(base64, "base64").subarray(0, -1)));

describe("when the ledger does not take an order", () => {
  test("its own reason comes through, and the uploads wait for the next try", async () => {
    const order = world.requester.order();
    await upload(order);
    class LedgerError extends CodedError<"NOT_ENOUGH_POINTS"> {}
    world.gateway.refusal = new LedgerError(
      "NOT_ENOUGH_POINTS",
      "the account has 3 points, 9 are needed",
    );
    expect(await submit(submission(order))).toMatchObject({
      status: 422,
      code: "NOT_ENOUGH_POINTS",
      message: "the account has 3 points, 9 are needed",
    });
    world.gateway.refusal = null;
    expect((await submit(submission(order))).status).toBe(200);
  });

  test("our own trouble is not shown, but can be found in the log", async () => {
    const order = world.requester.order();
    await upload(order);
    world.gateway.refusal = new Error("ENOSPC: /var/lib/meshwork/secret-path");
    const answer = await submit(submission(order));
    world.gateway.refusal = null;
    expect(answer).toMatchObject({ status: 500, code: "INTERNAL" });
    expect(answer.message).not.toContain("secret-path");
    expect(answer.message).toContain(answer.headers.get("x-request-id"));
  });

  test("in time, the requester hears that it may still, and the same order again is the same task", async () => {
    const order = world.requester.order();
    await upload(order);
    let settle = () => {};
    world.gateway.delay = new Promise((resolve) => {
      settle = resolve;
    });
    const waiting = submit(submission(order));
    await world.clock.elapse(doorLimits.placeTimeoutMs);
    expect(await waiting).toMatchObject({ status: 504, code: "ORDER_UNCONFIRMED" });
    settle();
    await expect.poll(() => world.gateway.task(order.orderId), patiently).not.toBeNull();
    expect((await submit(submission(order))).data).toEqual({ orderId: order.orderId });
  });
});
