import type { Key25519 } from "@meshwork/foundation";
import type { BodyOf } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { seededDigest, type TestMember, TestNetwork } from "../testing/index.ts";

describe("renew", () => {
  const network = new TestNetwork({ members: 4 });
  const [member] = network.members as [TestMember];
  network.step({ view: 1 });
  network.step({ view: 1 });
  const renewal = (change: Partial<BodyOf<"renew">> = {}): BodyOf<"renew"> => ({
    kind: "renew",
    recentBlock: { height: 1, hash: network.header.parent },
    runtimes: ["js-qjs-v1"],
    region: "elsewhere",
    capacity: 9,
    serves: ["model"],
    ...{ memoryMiB: 1_024, cpus: 4, nearness: null },
    sealKey: seededDigest("seal 2") as string as Key25519,
    vote: null,
    ...change,
  });

  test("is refused to who runs no node, and without a block of this chain", () => {
    expect(network.refused(network.requester, renewal())).toBe("NOT_A_NODE");
    const wrong = { height: 1, hash: seededDigest("x") as never };
    expect(network.refused(member, renewal({ recentBlock: wrong }))).toBe("UNKNOWN_BLOCK");
    const unknown = { height: 7, hash: network.header.parent };
    expect(network.refused(member, renewal({ recentBlock: unknown }))).toBe("UNKNOWN_BLOCK");
  });

  test("is refused with a vote key that is no point of the curve", () => {
    const vote = { voteKey: `02${"f".repeat(64)}` as never, vrfKey: seededDigest("v") as never };
    expect(network.refused(member, renewal({ vote }))).toBe("INVALID_KEY");
  });

  test("extends the lease in active time and says what the node offers now", () => {
    const body = renewal();
    network.send(member, body);
    network.step();
    expect(network.state.node(member.nodeId)?.lease).toMatchObject({
      region: "elsewhere",
      capacity: 9,
      until: network.state.head.activeTime + 3_600_000,
    });
    expect(network.refused(member, body)).toBe("RENEWED_TOO_SOON");
    network.step({ elapsedMs: 5_000, view: 1 });
    expect(network.refused(member, body)).toBeUndefined();
  });

  test("names no block any more that left the ring of recent ones", () => {
    const oldest = [...network.state.all("recentBlock")].map(({ height }) => height);
    expect(oldest.sort((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  });
});
