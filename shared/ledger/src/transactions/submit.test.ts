import type { Fuel, Points } from "@meshwork/foundation";
import type { Deadlines } from "@meshwork/protocol";
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

  test("is refused with a ceiling that could leave a worker or a verifier unpaid", () => {
    // Ten million fuel cost ten points a run; two work, four may have to run it all again, and a panel of nine.
    expect(network.refused(requester, order(149n))).toBe("CEILING_TOO_LOW");
    expect(network.refused(requester, order(150n))).toBeUndefined();
  });

  test("is refused with deadlines that no machine could meet, which would burn the bonds of all who try", () => {
    const hurry = (deadlines: Partial<Deadlines>, maxFuel = 10_000_000n) => {
      const usual = { matchMs: 5_000, runMs: 20_000, deliverMs: 10_000 };
      const priceCeiling = 30_000n as Points;
      const change = {
        deadlines: { ...usual, ...deadlines },
        maxFuel: maxFuel as Fuel,
        priceCeiling,
      };
      const body = { kind: "submit" as const, order: testOrder(requester.nodeId, change) };
      return network.refused(requester, body);
    };
    for (const stage of ["matchMs", "runMs", "deliverMs"])
      expect(hurry({ [stage]: 499 })).toBe("DEADLINE_TOO_SHORT");
    expect(hurry({ matchMs: 500, runMs: 501, deliverMs: 501 })).toBeUndefined();
    // A hundred milliseconds for each 10^9 fuel, beside what each stage takes anyway.
    expect(hurry({ runMs: 649 }, 1_500_000_000n)).toBe("DEADLINE_TOO_SHORT");
    expect(hurry({ runMs: 650 }, 1_500_000_000n)).toBeUndefined();
    expect(hurry({ deliverMs: 649 }, 1_500_000_000n)).toBe("DEADLINE_TOO_SHORT");
  });

  test("escrows the ceiling and burns the price of asking", () => {
    network.send(requester, order(1_000n));
    network.step();
    expect(network.state.head).toMatchObject({ escrowed: 1_000n, burnt: 5n });
    expect(network.state.account(requester.nodeId)?.points).toBe(1_000_000n - 1_005n);
  });
});
