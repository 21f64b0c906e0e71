import { signTransaction } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { seededDigest, TestNetwork, testMember, testOrder } from "./testing/index.ts";

describe("any transaction is refused", () => {
  const network = new TestNetwork({ members: 4 });
  const { requester } = network;
  const body = { kind: "submit" as const, order: testOrder(requester.nodeId) };
  const base = () => ({
    chainId: network.chainId,
    sender: requester.nodeId,
    nonce: 77n,
    notAfter: network.header.time + 60_000,
    body,
  });
  const check = (changed: object, keyPair = requester.keyPair) =>
    network.refusalOf(signTransaction(keyPair, { ...base(), ...changed }));

  test("for another network", () => {
    expect(check({ chainId: seededDigest("other") })).toBe("WRONG_CHAIN");
  });
  test("after its `notAfter`, or when that is too far ahead to remember", () => {
    expect(check({ notAfter: network.header.time + 9 })).toBe("EXPIRED");
    expect(check({ notAfter: network.header.time + 3_600_011 })).toBe("LIFETIME_TOO_LONG");
    expect(check({ notAfter: network.header.time + 10 })).toBeUndefined();
  });
  test("from somebody without an account", () => {
    const stranger = testMember("stranger");
    expect(check({ sender: stranger.nodeId }, stranger.keyPair)).toBe("UNKNOWN_SENDER");
  });
  test("with a signature by another key, or over another body", () => {
    expect(check({}, testMember("member-0").keyPair)).toBe("BAD_SIGNATURE");
    const { signature } = signTransaction(requester.keyPair, base());
    const changed = { unsigned: { ...base(), nonce: 78n }, signature };
    expect(network.refusalOf(changed)).toBe("BAD_SIGNATURE");
  });
  test("a second time; and another one under its nonce; until it has expired", () => {
    const first = network.send(requester, body);
    network.step();
    expect(network.refusalOf(first)).toBe("ALREADY_APPLIED");
    const order = { ...body.order, priority: 2 };
    const { nonce } = first.unsigned;
    const other = { ...first.unsigned, nonce, body: { ...body, order } };
    expect(network.refusalOf(signTransaction(requester.keyPair, other))).toBe("NONCE_CONFLICT");
    network.step({ elapsedMs: 599_990, view: 1 });
    expect([...network.state.all("nonce")]).toHaveLength(1);
    network.step({ elapsedMs: 1, view: 1 });
    expect([...network.state.all("nonce")]).toHaveLength(0);
    expect(network.refusalOf(first)).toBe("EXPIRED");
  });
});
