import type { Points } from "@meshwork/foundation";
import { type Genesis, genesis as genesisWire, headerHash } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { assertConserved } from "./conservation.ts";
import { applyGenesis, GenesisError } from "./genesis.ts";
import { seededDigest, TestNetwork } from "./testing/index.ts";

const { genesis } = new TestNetwork({ members: 5 });

const codeOf = (change: Partial<Genesis>) => {
  try {
    applyGenesis({ ...genesis, ...change });
    return "no error";
  } catch (error) {
    return error instanceof GenesisError ? error.code : String(error);
  }
};

describe("a genesis", () => {
  test("makes the same first block everywhere, to the bit", () => {
    const { header, state } = applyGenesis(genesisWire.decode(genesisWire.encode(genesis)));
    expect(header).toEqual(applyGenesis(genesis).header);
    expect(header.stateRoot).toBe(state.root());
    // A change of these is a change of the protocol: networks that exist could not go on.
    expect(header.stateRoot).toBe(
      "81d34ecf6838cd5d012b1e0c90a10677f138517c29cd6e5d0b1efba9ee26caa0",
    );
    expect(headerHash(header)).toBe(
      "84f8f8da18457e1b58c5d6b09305592f08df01abe7eda8cee5865b5179ec01ff",
    );
  });

  test("gives each member its points, its standing and a lease, and makes no others", () => {
    const { state } = applyGenesis(genesis);
    expect([...state.nodes()]).toHaveLength(5);
    expect(state.head.total).toBe(5n * 10_000n + 1_000_000n);
    assertConserved(state);
  });

  test("of another reputation table, with too few seats, or with a key twice is refused", () => {
    expect(codeOf({ reputationTable: seededDigest("x") })).toBe("GENESIS_TABLE");
    const seatless = genesis.members.map((member, i) =>
      i < 1 ? { ...member, vote: null } : member,
    );
    expect(codeOf({ members: seatless })).toBe("GENESIS_SEATS");
    const [first] = genesis.members;
    expect(
      codeOf({
        accounts: [
          { publicKey: first?.publicKey as never, points: 1n as Points, recoveryHash: null },
        ],
      }),
    ).toBe("GENESIS_DUPLICATE");
    const rich = genesis.accounts.map((account) => ({
      ...account,
      points: (2n ** 63n - 1n) as Points,
    }));
    expect(codeOf({ accounts: rich })).toBe("GENESIS_POINTS");
  });
});
