import { signTransaction, type Transaction } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { nextMoment } from "./active-time.ts";
import { checkTransaction } from "./apply-transaction.ts";
import { isForgery } from "./refusal.ts";
import { registration, rotation } from "./testing/identities.ts";
import { equivocation, seededDigest, TestNetwork, testMember, testOrder } from "./testing/index.ts";
import { type Checks, realChecks } from "./transactions/rule.ts";

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

describe("what others have signed", () => {
  const network = new TestNetwork({ members: 4 });
  const { requester } = network;
  const [member = requester] = network.members;
  const guest = testMember("newcomer");

  /** Why it is refused, and how often a signature of somebody else's was checked for that. */
  function checked(transaction: Transaction) {
    let others = 0;
    const counted = <A extends unknown[]>(check: (...args: A) => boolean) => {
      return (...args: A) => {
        others++;
        return check(...args);
      };
    };
    const checks: Checks = {
      ...realChecks,
      verifyVote: counted(realChecks.verifyVote),
      verifyConsent: counted(realChecks.verifyConsent),
      verifyMandate: counted(realChecks.verifyMandate),
      verifyVoucher: counted(realChecks.verifyVoucher),
      verifyAdmission: counted(realChecks.verifyAdmission),
    };
    const at = nextMoment(network.state.head, network.header.time + 10);
    const code = checkTransaction(transaction, { state: network.state, at, checks })?.code;
    return { code, others };
  }

  const fault = equivocation(network, { seat: 1 });
  const forgedFault = { ...fault, second: { ...fault.second, signature: fault.first.signature } };
  const bearing = {
    fault: network.sign(requester, fault),
    rotate: rotation(network, member),
    register: registration(network, guest),
  };

  test.each(Object.keys(bearing) as (keyof typeof bearing)[])(
    "is not looked at in a %s that its sender has not signed",
    (kind) => {
      const whole = bearing[kind];
      expect(checked(whole)).toEqual({ code: undefined, others: expect.any(Number) });
      expect(checked(whole).others).toBeGreaterThan(0);
      const { signature } = network.sign(requester, { kind: "leave" });
      expect(checked({ ...whole, signature })).toEqual({ code: "BAD_SIGNATURE", others: 0 });
    },
  );

  test("counts as forged when it is not what it says", () => {
    const { body } = bearing.register.unsigned;
    if (body.kind !== "register" || body.admission === null) throw new Error("no admission");
    const uninvited = {
      ...body,
      admission: { ...body.admission, signature: fault.first.signature },
    };
    const forged = [
      network.sign(requester, forgedFault),
      rotation(network, member, { recoverySignature: fault.first.signature }),
      network.sign(guest, uninvited),
    ].map((transaction) => checked(transaction).code);
    expect(forged).toEqual(["NO_FAULT", "BAD_SIGNATURE", "VOUCHER_INVALID"]);
    expect(forged.every((code) => code !== undefined && isForgery(code))).toBe(true);
    // What only came too late or too soon was honestly meant.
    expect(["EXPIRED", "VOUCHER_USED_UP", "CONVICTED_ALREADY"].some(isForgery)).toBe(false);
  });
});
