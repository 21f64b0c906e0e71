import type { NodeId, Points } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { Draft } from "./draft.ts";
import { earn } from "./penalties.ts";
import { accountOf } from "./purses.ts";
import { Actors, TestNetwork } from "./testing/index.ts";

/** A node with so much vesting, and an open order out of which it can be paid. */
function earner(vesting: bigint) {
  const network = new TestNetwork({ policy: { vestingVerdicts: 20 } });
  const orderId = new Actors(network).order();
  const { head } = network.state;
  const id = network.members[0]?.nodeId as NodeId;
  const account = { ...accountOf(network.state, id), vesting: vesting as Points };
  const state = network.state.with("account", account);
  const draft = new Draft(state, { ...head, height: head.height + 1 });
  const heldAfter = (amount: bigint): bigint => {
    earn(draft, id, { rule: "verification-paid", amount, evidence: orderId, vests: true });
    return accountOf(draft.state, id).vesting;
  };
  return { heldAfter };
}

describe("what is vesting", () => {
  test("grows to as many payments as verdicts are asked for, and then stays", () => {
    const { heldAfter } = earner(0n);
    for (let i = 0; i < 200; i++) heldAfter(30n);
    const held = heldAfter(30n);
    expect(held).toBeGreaterThan(19n * 30n);
    expect(held).toBeLessThanOrEqual(20n * 30n);
  });

  test("is not freed by small payments: each frees what it brings", () => {
    const { heldAfter } = earner(600n);
    for (let i = 0; i < 100; i++) expect(heldAfter(3n)).toBe(600n);
  });

  test("does not stay held for ever when only the smallest payments follow", () => {
    const { heldAfter } = earner(600n);
    for (let i = 0; i < 1_000; i++) heldAfter(1n);
    expect(heldAfter(1n)).toBeLessThanOrEqual(400n);
  });
});
