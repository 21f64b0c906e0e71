import { limits, type NodeId, type OrderId, utf8 } from "@meshwork/foundation";
import { contentIdOf } from "@meshwork/storage";
import { expect, test } from "vitest";
import { type Allowance, OrderQuota } from "./order-quota.ts";
import { Pins } from "./pins.ts";

const [one, two] = ["a", "b"].map((name) => name.repeat(64)) as [OrderId, OrderId];
const [worker, stranger] = ["worker", "stranger"] as NodeId[] as [NodeId, NodeId];
const id = (name: string | number) => contentIdOf(utf8(String(name)));
const KiB = 1_024;

const quotaFor = (...allowances: Allowance[]) =>
  new OrderQuota((peer) => (peer === worker ? allowances : []));

test("who works for no order brings nothing", () => {
  expect(quotaFor({ orderId: one, maxBytes: 100 * KiB }).take(stranger, id(1), 1)).toBeNull();
});

test("who works for an order brings what it allows, in all", () => {
  const quota = quotaFor({ orderId: one, maxBytes: 100 * KiB });
  expect(quota.take(worker, id(1), 60 * KiB)).toBe(one);
  expect(quota.take(worker, id(2), 60 * KiB)).toBeNull();
  expect(quota.take(worker, id(3), 40 * KiB)).toBe(one);
});

test("the same again, after a transfer that broke, costs nothing", () => {
  const quota = quotaFor({ orderId: one, maxBytes: 100 * KiB });
  for (let i = 0; i < 5; i++) expect(quota.take(worker, id(1), 60 * KiB)).toBe(one);
});

test("two orders allow twice as much, and one that is over nothing more", () => {
  const allowances = [one, two].map((orderId) => ({ orderId, maxBytes: 50 * KiB }));
  const quota = new OrderQuota(() => allowances);
  expect([1, 2, 3].map((name) => quota.take(worker, id(name), 50 * KiB))).toEqual([one, two, null]);
  quota.release(one);
  allowances.shift();
  expect(quota.take(worker, id(4), 50 * KiB)).toBeNull();
});

test("many tiny objects are many as well", () => {
  const quota = quotaFor({ orderId: one, maxBytes: limits.outputsPerOrder * 8 * KiB });
  const taken = Array.from({ length: 100 }, (_, i) => quota.take(worker, id(i), 0));
  expect(taken.filter(Boolean)).toHaveLength(6);
});

test("what two orders need stays until both are over", () => {
  const pins = new Pins();
  for (const orderId of [one, two, two]) pins.pin(orderId, id("shared"));
  pins.pin(one, id("own"));
  pins.release(one);
  expect([pins.has(id("shared")), pins.has(id("own"))]).toEqual([true, false]);
  pins.release(two);
  pins.release(two);
  expect(pins.has(id("shared"))).toBe(false);
});
