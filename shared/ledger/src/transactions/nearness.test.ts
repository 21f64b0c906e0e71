import { type Nearness, signNearness } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { renewal } from "../testing/identities.ts";
import { seededDigest, type TestMember, TestNetwork } from "../testing/index.ts";

const network = new TestNetwork({ members: 4 });
network.step({ view: 1 });
network.step({ view: 1 });
const { requester, chainId } = network;
const [member, other] = network.members as [TestMember, TestMember];

/** A renewal with what `signer` says in the name of `by`. */
const withWord = (change: Partial<Nearness> = {}, signer: TestMember = requester) =>
  renewal(network, member, {
    nearness: signNearness(signer.keyPair, {
      chainId,
      node: member.nodeId,
      by: requester.nodeId,
      region: "eu",
      latencyClass: 1,
      time: network.header.time,
      ...change,
    }),
  });
const refusal = (...word: Parameters<typeof withWord>) => network.refusalOf(withWord(...word));

test("a relay's word on where a node stands is kept in its lease, and gone with the next renewal without one", () => {
  const lease = () => network.state.node(member.nodeId)?.lease;
  network.put(withWord());
  network.step();
  expect(lease()?.nearness).toEqual({ region: "eu", latencyClass: 1 });
  network.step({ elapsedMs: 5_000, view: 1 });
  network.put(renewal(network, member));
  network.step();
  expect(lease()?.nearness).toBeNull();
  network.step({ elapsedMs: 5_000, view: 1 });
});

test("it counts about this node alone, on this chain, and while it is fresh", () => {
  expect(refusal()).toBeUndefined();
  expect(refusal({ node: other.nodeId })).toBe("WRONG_NEARNESS");
  expect(refusal({ chainId: seededDigest("c") as never })).toBe("WRONG_NEARNESS");
  expect(refusal({ time: network.header.time - 3_700_000 })).toBe("WRONG_NEARNESS");
  expect(refusal({ time: network.header.time + 3_700_000 })).toBe("WRONG_NEARNESS");
});

test("it counts from a known account that does not answer for the node, and with its signature", () => {
  expect(refusal({ by: other.nodeId }, other)).toBeUndefined();
  expect(refusal({ by: member.nodeId }, member)).toBe("WRONG_NEARNESS");
  const unknown = `${other.nodeId.slice(0, -1)}x` as never;
  expect(refusal({ by: unknown }, other)).toBe("WRONG_NEARNESS");
  expect(refusal({}, other)).toBe("BAD_SIGNATURE");
});
