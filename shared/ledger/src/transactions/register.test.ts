import { keyPairFromSecret } from "@meshwork/crypto";
import type { Key25519, Points } from "@meshwork/foundation";
import { type BodyOf, signAdmission, signVoucher, type VoucherBody } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import {
  seeded,
  seededDigest,
  type TestMember,
  TestNetwork,
  testMember,
} from "../testing/index.ts";

describe("register", () => {
  const network = new TestNetwork({ members: 4 });
  const issuer = network.requester;
  const newcomer = testMember("newcomer");
  const voucherKeys = keyPairFromSecret(seeded("voucher"));
  const notAfter = network.header.time + 3_600_000;
  const voucherBody = (change: Partial<VoucherBody> = {}): VoucherBody => ({
    chainId: network.chainId,
    issuer: issuer.nodeId,
    voucherKey: voucherKeys.publicKey,
    grant: 500n as Points,
    uses: 2,
    notAfter,
    ...change,
  });
  const registration = (
    who: TestMember,
    change: Partial<VoucherBody> = {},
    admitted = who,
  ): BodyOf<"register"> => ({
    kind: "register",
    publicKey: who.keyPair.publicKey,
    recoveryHash: seededDigest("recovery"),
    node: { transportKey: seededDigest("transport") as string as Key25519, keyVersion: 0 },
    admission: {
      voucher: signVoucher(issuer.keyPair, voucherBody(change)),
      signature: signAdmission(voucherKeys, network.chainId, admitted.keyPair.publicKey),
    },
  });

  test("is refused without a voucher where the network asks for one", () => {
    const body = { ...registration(newcomer), admission: null };
    expect(network.refused(newcomer, body)).toBe("VOUCHER_REQUIRED");
  });

  const bad: [string, string, () => BodyOf<"register">][] = [
    [
      "of another network",
      "VOUCHER_FOREIGN",
      () => registration(newcomer, { chainId: seededDigest("x") as never }),
    ],
    [
      "of somebody unknown",
      "VOUCHER_FOREIGN",
      () => registration(newcomer, { issuer: newcomer.nodeId }),
    ],
    [
      "that its issuer has not signed",
      "VOUCHER_INVALID",
      () => registration(newcomer, { issuer: testMember("member-0").nodeId }),
    ],
    [
      "that admitted another key",
      "VOUCHER_INVALID",
      () => registration(newcomer, {}, testMember("other")),
    ],
    [
      "that has ended",
      "VOUCHER_EXPIRED",
      () => registration(newcomer, { notAfter: network.header.time }),
    ],
    [
      "whose grant its issuer cannot pay",
      "VOUCHER_UNFUNDED",
      () => registration(newcomer, { grant: (10n ** 9n) as Points }),
    ],
    [
      "whose grant does not cover the price",
      "VOUCHER_UNFUNDED",
      () => registration(newcomer, { grant: 9n as Points }),
    ],
  ];
  test.each(bad)("is refused with a voucher %s: %s", (_, code, body) => {
    expect(network.refused(newcomer, body())).toBe(code);
  });

  test("is refused under a name that is not the key's", () => {
    expect(network.refused(testMember("other"), registration(newcomer))).toBe("SENDER_IS_NOT_KEY");
  });

  test("moves the grant from the issuer, burns the price, and puts the node on probation", () => {
    network.send(newcomer, registration(newcomer));
    network.step();
    expect(network.state.account(newcomer.nodeId)).toMatchObject({ points: 490n, bonded: 0n });
    expect(network.state.account(issuer.nodeId)?.points).toBe(1_000_000n - 500n);
    expect(network.state.head.burnt).toBe(10n);
    const node = network.state.node(newcomer.nodeId);
    expect(node).toMatchObject({ operator: issuer.nodeId, clean: 0, lease: null });
  });

  test("is refused a second time", () => {
    const again = { ...registration(newcomer), admission: null };
    expect(network.refused(newcomer, again)).toBe("ALREADY_REGISTERED");
  });

  test("is refused once the voucher's uses are spent", () => {
    const second = testMember("second");
    network.send(second, registration(second));
    network.step();
    const third = testMember("third");
    expect(network.refused(third, registration(third))).toBe("VOUCHER_USED_UP");
    expect(network.refused(third, registration(third, { uses: 3 }))).toBeUndefined();
  });

  test("adds a node to an account that has none, without voucher and without a grant", () => {
    expect(network.refused(issuer, registration(issuer))).toBe("VOUCHER_NOT_NEEDED");
    const before = network.state.account(issuer.nodeId)?.points;
    network.send(issuer, { ...registration(issuer), admission: null });
    network.step();
    // The genesis names it: it answers for itself.
    expect(network.state.node(issuer.nodeId)?.operator).toBe(issuer.nodeId);
    expect(network.state.account(issuer.nodeId)?.points).toBe(before);
  });

  test("is open to everybody in an open network, and grants nothing", () => {
    const open = new TestNetwork({
      members: 4,
      policy: { admission: "open", registerPrice: 0n as Points },
    });
    // An account that holds nothing and runs nothing would never be forgotten.
    const idle = { ...registration(newcomer), admission: null, node: null };
    expect(open.refused(newcomer, idle)).toBe("NOTHING_TO_HOLD");
    open.send(newcomer, { ...registration(newcomer), admission: null });
    open.step();
    expect(open.state.account(newcomer.nodeId)?.points).toBe(0n);
    const priced = new TestNetwork({ members: 4, policy: { admission: "open" } });
    expect(priced.refused(newcomer, { ...registration(newcomer), admission: null })).toBe(
      "INSUFFICIENT_POINTS",
    );
  });
});
