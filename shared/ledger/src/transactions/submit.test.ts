import type { Points } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { TestNetwork, testOrder } from "../testing/index.ts";

describe("submit", () => {
  const network = new TestNetwork({ members: 6 });
  const { requester } = network;
  const order = (priceCeiling: bigint) => ({
    kind: "submit" as const,
    order: testOrder(requester.nodeId, { priceCeiling: priceCeiling as Points }),
  });

  test("is refused when the requester cannot pay the worst case and the price of asking", () => {
    expect(network.refused(requester, order(999_995n))).toBeUndefined();
    expect(network.refused(requester, order(999_996n))).toBe("INSUFFICIENT_POINTS");
  });

  test("is refused with a ceiling below a point a run", () => {
    expect(network.refused(requester, order(1n))).toBe("CEILING_TOO_LOW");
  });

  test("escrows the ceiling and burns the price of asking", () => {
    network.send(requester, order(1_000n));
    network.step();
    expect(network.state.head).toMatchObject({ escrowed: 1_000n, burnt: 5n });
    expect(network.state.account(requester.nodeId)?.points).toBe(1_000_000n - 1_005n);
  });
});
