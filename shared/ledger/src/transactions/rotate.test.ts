import type { Signature } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { rotation } from "../testing/identities.ts";
import { type TestMember, TestNetwork, testMember } from "../testing/index.ts";
import { identityKeyOf, recoveryKeyOf } from "../testing/members.ts";
import { taskIn } from "../testing/task-in.ts";

describe("rotate", () => {
  const network = new TestNetwork({ members: 4 });
  const [member] = network.members as [TestMember];
  const refusal = (change: Parameters<typeof rotation>[2]) =>
    network.refusalOf(rotation(network, member, change));

  test("takes both keys: the one in force alone is not enough, nor is another recovery key", () => {
    const stolen = testMember("thief").keyPair;
    expect(refusal({ recoveryKey: stolen.publicKey })).toBe("WRONG_RECOVERY_KEY");
    expect(refusal({ recoverySignature: "11".repeat(64) as Signature })).toBe("BAD_SIGNATURE");
    const { body } = rotation(network, member).unsigned;
    expect(network.refusalOf(network.sign(member, body, { by: recoveryKeyOf(member, 0) }))).toBe(
      "BAD_SIGNATURE",
    );
  });

  test("binds the recovery key's word to this transaction: it cannot be used for another", () => {
    const { body } = rotation(network, member).unsigned;
    expect(network.refusalOf(network.sign(member, body))).toBe("BAD_SIGNATURE");
  });

  test("is refused to the same key, and with a version or a transport key that is not next", () => {
    expect(refusal({ newKey: member.keyPair.publicKey })).toBe("SAME_KEY");
    expect(refusal({ newKey: recoveryKeyOf(member, 0).publicKey })).toBe("SAME_KEY");
    expect(refusal({ node: null })).toBe("NOT_A_NODE");
    const node = network.state.node(member.nodeId);
    const { transportKey = "" as never } = node ?? {};
    expect(refusal({ node: { transportKey, keyVersion: 2 } })).toBe("WRONG_KEY_VERSION");
  });

  test("is refused to an account that the genesis funded without a recovery key", () => {
    expect(network.refusalOf(rotation(network, network.requester))).toBe("NO_RECOVERY_KEY");
  });

  test("replaces the key under the same name; the old one says nothing any more", () => {
    network.put(rotation(network, member));
    network.step();
    const next = identityKeyOf(member, 1);
    expect(network.state.account(member.nodeId)?.publicKey).toBe(next.publicKey);
    expect(network.state.node(member.nodeId)?.keyVersion).toBe(1);
    const leave = { kind: "leave" as const };
    const old = network.sign(member, leave, { by: member.keyPair });
    expect(network.refusalOf(old)).toBe("BAD_SIGNATURE");
    expect(network.refusalOf(network.sign(member, leave))).toBeUndefined();
  });

  test("goes on from the new recovery key, and again", () => {
    for (const rotations of [2, 3]) {
      network.put(rotation(network, member));
      network.step();
      expect(network.rotationsOf(member)).toBe(rotations);
    }
  });
});

test("a verifier who rotates while he holds a place still signs with the key that was called", () => {
  const { network, actors, task, holder } = taskIn("audit");
  network.put(rotation(network, holder("verifiers")));
  network.step();
  expect(actors.finish(task.orderId).conclusion?.outcome).toBe("verified");
});
