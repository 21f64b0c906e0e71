import type { NodeId, Points } from "@meshwork/foundation";
import type { Mandate } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { Actors } from "../testing/actors.ts";
import type { TestMember } from "../testing/members.ts";
import { TestNetwork } from "../testing/network.ts";
import { mandateOf, orderIdOf, orderIn, partOf } from "../testing/parts.ts";

const start = () => new TestNetwork({ members: 8 });

describe("a part of a job", () => {
  test("is the requester's order: he pays for it, and his is the outcome", () => {
    const network = start();
    const actors = new Actors(network);
    const mandate = mandateOf(network);
    const before = network.state.account(network.requester.nodeId)?.points ?? 0n;
    const part = partOf(network, mandate, { slot: 2 });
    network.put(part);
    network.step();
    const task = network.state.task(orderIdOf(part));
    expect(task).toMatchObject({
      requester: network.requester.nodeId,
      order: orderIn(mandate, 2),
      phase: "submitted",
    });
    const { submitPrice } = network.state.policy;
    const left = network.state.account(network.requester.nodeId)?.points ?? 0n;
    expect(before - left).toBe(mandate.order.priceCeiling + submitPrice);
    expect(actors.finish(orderIdOf(part)).conclusion?.outcome).toBe("verified");
  });

  test("may be revoked by its requester, and not by his gateway", () => {
    const network = start();
    const part = partOf(network, mandateOf(network));
    network.put(part);
    network.step();
    const cancel = { kind: "cancel", orderId: orderIdOf(part) } as const;
    const gateway = network.members[0] as TestMember;
    expect(network.refused(gateway, cancel)).toBe("NOT_THE_REQUESTER");
    expect(network.refused(network.requester, cancel)).toBeUndefined();
  });

  test("is taken once, whatever it computes: a slot has one nonce", () => {
    const network = start();
    const mandate = mandateOf(network);
    network.put(partOf(network, mandate));
    network.step();
    const { unsigned } = partOf(network, mandate);
    // The signature is a fresh one, so this is another transaction for the same slot.
    expect(network.refusalOf(partOf(network, mandate))).toBe("NONCE_CONFLICT");
    const nonce = unsigned.nonce + 1n;
    expect(network.refusalOf(partOf(network, mandate, { change: { nonce } }))).toBe("NOT_MANDATED");
    expect(network.refusalOf(partOf(network, mandate, { slot: 1 }))).toBeUndefined();
  });

  test("is nothing without the requester's own signature, of the key in force", () => {
    const network = start();
    const stranger = network.members[1] as TestMember;
    const forged = partOf(network, mandateOf(network), { signer: stranger });
    expect(network.refusalOf(forged)).toBe("BAD_SIGNATURE");
  });

  test.each<[string, (network: TestNetwork) => Partial<Mandate>, string]>([
    [
      "of another network",
      () => ({ chainId: "0".repeat(64) as Mandate["chainId"] }),
      "NOT_MANDATED",
    ],
    ["of nobody's", (n) => ({ requester: swapped(n.requester.nodeId) }), "NOT_MANDATED"],
    ["that is over", (n) => ({ notAfter: n.header.time - 1 }), "EXPIRED"],
    [
      "for longer than any order",
      (n) => ({ notAfter: n.header.time + 4_000_000 }),
      "LIFETIME_TOO_LONG",
    ],
    [
      "for less than it may cost",
      (n) => ({ order: { ...mandateOf(n).order, priceCeiling: 59n as Points } }),
      "CEILING_TOO_LOW",
    ],
    [
      "for more than he has",
      (n) => ({ order: { ...mandateOf(n).order, priceCeiling: 10_000_000n as Points } }),
      "INSUFFICIENT_POINTS",
    ],
  ])("is refused under a mandate %s", (_, change, code) => {
    const network = start();
    expect(network.refusalOf(partOf(network, mandateOf(network, change(network))))).toBe(code);
  });

  test("is refused beyond its mandate's slots, from another gateway, and for another time", () => {
    const network = start();
    const mandate = mandateOf(network);
    expect(network.refusalOf(partOf(network, mandate, { slot: 4 }))).toBe("NOT_MANDATED");
    const later = { notAfter: mandate.notAfter + 1 };
    expect(network.refusalOf(partOf(network, mandate, { change: later }))).toBe("NOT_MANDATED");
    const { unsigned } = partOf(network, mandate);
    const thief = network.members[1] as TestMember;
    expect(network.refused(thief, unsigned.body)).toBe("NOT_MANDATED");
  });
});

/** A name of the right form that nobody bears. */
const swapped = (id: NodeId): NodeId => [...id].reverse().join("") as NodeId;
