import { limits } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { registration, revocation, voucherOf } from "../testing/identities.ts";
import { type TestMember, TestNetwork, testMember } from "../testing/index.ts";

/** The requester, whom the genesis names, vouches for `first`, and `first` for `second`. */
function chain() {
  const network = new TestNetwork({ members: 4 });
  const [first, second] = [testMember("first link"), testMember("second link")];
  network.guests.push(first, second);
  const issuer = (who: TestMember) => ({
    issuer: who,
    voucher: voucherOf(network, who, { grant: 20n as never }),
  });
  network.put(registration(network, first));
  network.step();
  network.put(registration(network, second, issuer(first)));
  network.step();
  const third = testMember("third link");
  const asked = () => network.refusalOf(registration(network, third, issuer(second)));
  const letIn = (who: TestMember) => network.refusalOf(registration(network, third, issuer(who)));
  return { network, first, second, asked, letIn };
}

describe("a chain of vouchers", () => {
  test("lets in whom a member vouches for who was himself vouched for", () => {
    const { network, first, second, letIn } = chain();
    expect(network.state.account(second.nodeId)?.operator).toBe(first.nodeId);
    expect(network.state.node(second.nodeId)?.operator).toBe(first.nodeId);
    // He has 10 points left of his grant, and must grant 20.
    expect(letIn(second)).toBe("VOUCHER_UNFUNDED");
    expect(letIn(first)).toBeUndefined();
  });

  test("makes no operators: all below its first link are that one's", () => {
    const network = new TestNetwork({ members: 4 });
    const links = ["a", "b", "c", "d"].map((name) => testMember(`sock ${name}`));
    network.guests.push(...links);
    let issuer = network.requester;
    for (const [i, link] of links.entries()) {
      const grant = (5_000n - 1_000n * BigInt(i)) as never;
      const voucher = voucherOf(network, issuer, { grant });
      network.put(registration(network, link, { issuer, voucher }));
      network.step();
      issuer = link;
    }
    const [first] = links;
    const accounts = links.map(({ nodeId }) => network.state.account(nodeId));
    expect(accounts.map((account) => account?.operator)).toEqual([
      network.requester.nodeId,
      ...[first?.nodeId, first?.nodeId, first?.nodeId],
    ]);
    expect(accounts.map((account) => account?.vouchedBy)).toEqual(
      [network.requester, ...links.slice(0, 3)].map(({ nodeId }) => nodeId),
    );
    for (const { nodeId } of links)
      expect(network.state.node(nodeId)?.operator).toBe(network.state.account(nodeId)?.operator);
  });

  test("ends with a link that is dead: whom it vouched for stays, and lets nobody in", () => {
    const { network, first, asked } = chain();
    expect(asked()).toBe("VOUCHER_UNFUNDED");
    network.put(revocation(network, first));
    network.step();
    expect(asked()).toBe("ISSUER_BARRED");
  });
});

describe("revoke-voucher", () => {
  const network = new TestNetwork({ members: 4 });
  const { requester } = network;
  const voucher = voucherOf(network, requester);
  const guest = testMember("guest of a revoked voucher");

  test("is its issuer's alone", () => {
    const [other] = network.members as [TestMember];
    expect(network.refused(other, { kind: "revoke-voucher", voucher })).toBe("NOT_THE_ISSUER");
    const elsewhere = { ...voucher, chainId: "ab".repeat(32) as never };
    expect(network.refused(requester, { kind: "revoke-voucher", voucher: elsewhere })).toBe(
      "VOUCHER_FOREIGN",
    );
    const ended = { ...voucher, notAfter: network.header.time };
    expect(network.refused(requester, { kind: "revoke-voucher", voucher: ended })).toBe(
      "VOUCHER_EXPIRED",
    );
  });

  test("admits nobody from then on, though it was never used, and other vouchers still do", () => {
    expect(network.refusalOf(registration(network, guest))).toBeUndefined();
    network.send(requester, { kind: "revoke-voucher", voucher });
    network.step();
    expect(network.refusalOf(registration(network, guest))).toBe("VOUCHER_REVOKED");
    expect(network.refused(requester, { kind: "revoke-voucher", voucher })).toBe("VOUCHER_REVOKED");
    const another = { voucher: voucherOf(network, requester, { uses: 3 }) };
    expect(network.refusalOf(registration(network, guest, another))).toBeUndefined();
  });

  test("costs what an order costs, for it leaves a record even of a voucher that never was", () => {
    const other = testMember("requester");
    const { submitPrice } = network.state.policy;
    const held = () => network.state.account(other.nodeId)?.points ?? 0n;
    const before = held();
    for (let uses = 10; uses < 30; uses++)
      network.send(other, {
        kind: "revoke-voucher",
        voucher: voucherOf(network, other, { uses }),
      });
    network.step();
    expect(before - held()).toBe(20n * submitPrice);
    const poor = network.state.account(other.nodeId);
    if (!poor) throw new Error("no account");
    const whole = network.state;
    network.state = whole.with("account", { ...poor, points: (submitPrice - 1n) as never });
    const voucher = voucherOf(network, other, { uses: 31 });
    expect(network.refused(other, { kind: "revoke-voucher", voucher })).toBe("INSUFFICIENT_POINTS");
    network.state = whole;
  });

  test("is remembered for a year at most: a voucher that lasts longer counts for nothing yet", () => {
    const notAfter = network.header.time + 10 + limits.voucherLifetimeMs;
    const lasting = (more: number) =>
      voucherOf(network, requester, { uses: 7, notAfter: notAfter + more });
    const refusals = [0, 1].map((more) => [
      network.refusalOf(registration(network, guest, { voucher: lasting(more) })),
      network.refused(requester, { kind: "revoke-voucher", voucher: lasting(more) }),
    ]);
    expect(refusals).toEqual([
      [undefined, undefined],
      ["VOUCHER_TOO_LONG", "VOUCHER_TOO_LONG"],
    ]);
  });
});
