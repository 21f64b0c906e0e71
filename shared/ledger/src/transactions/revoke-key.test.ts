import type { NodeId, Points } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { renewal, revocation } from "../testing/identities.ts";
import { Actors, type TestMember, TestNetwork } from "../testing/index.ts";
import { taskIn } from "../testing/task-in.ts";

describe("revoke-key", () => {
  const network = new TestNetwork({ members: 8 });
  const [member, heir] = network.members as [TestMember, TestMember];

  test("is signed by the recovery key alone: whoever holds only the identity's key cannot", () => {
    const thief = { by: member.keyPair };
    expect(network.refusalOf(revocation(network, member, thief))).toBe("WRONG_RECOVERY_KEY");
    const { body } = revocation(network, member).unsigned;
    expect(network.refused(member, body)).toBe("BAD_SIGNATURE");
    expect(network.refusalOf(revocation(network, member))).toBeUndefined();
  });

  test("names no heir that is unknown, or the dead himself", () => {
    const named = (id: NodeId) => network.refusalOf(revocation(network, member, { heir: id }));
    expect(named(member.nodeId)).toBe("UNKNOWN_HEIR");
    expect(named(`${member.nodeId.slice(0, -1)}x` as NodeId)).toBe("UNKNOWN_HEIR");
  });

  test("gives the free points to the heir, burns what is vesting, and leaves nothing to seize", () => {
    const account = network.state.account(member.nodeId);
    if (!account) throw new Error("no account");
    const { total } = network.state.head;
    network.state = network.state
      .with("account", { ...account, vesting: 70n as Points })
      .with("head", { ...network.state.head, total: (total + 70n) as Points });
    network.put(revocation(network, member, { heir: heir.nodeId }));
    network.step();
    expect(network.state.account(heir.nodeId)?.points).toBe(20_000n);
    expect(network.state.account(member.nodeId)).toMatchObject({
      points: 0n,
      vesting: 0n,
      barred: "revoked",
    });
    expect(network.state.head.burnt).toBe(70n);
  });

  test("ends the identity: nothing that it signs is taken, by no key, and it is drawn no more", () => {
    expect(network.refused(member, { kind: "leave" })).toBe("IDENTITY_BARRED");
    expect(network.refusalOf(renewal(network, member))).toBe("IDENTITY_BARRED");
    expect(network.refusalOf(revocation(network, member))).toBe("IDENTITY_BARRED");
    const actors = new Actors(network);
    for (let i = 0; i < 3; i++)
      expect(actors.finish(actors.order()).ranks).not.toContain(member.nodeId);
    expect(network.refusalOf(revocation(network, heir, { heir: member.nodeId }))).toBe(
      "UNKNOWN_HEIR",
    );
  });
});

test("who revokes his key in the middle of a task loses his place by its deadline, and the task goes on", () => {
  const { network, actors, task, holder } = taskIn("running");
  const dead = holder("workers");
  actors.conduct.set(dead.nodeId, "silent");
  network.put(revocation(network, dead));
  network.step();
  const done = actors.finish(task.orderId);
  expect(done.conclusion?.outcome).toBe("verified");
  expect(done.workers[0]).toMatchObject({ node: dead.nodeId, state: "missed" });
});

describe("leave", () => {
  test("gives up the lease; the node is drawn no more until it renews, and keeps its name", () => {
    const network = new TestNetwork({ members: 8 });
    const [member] = network.members as [TestMember];
    expect(network.refused(network.requester, { kind: "leave" })).toBe("NOT_A_NODE");
    network.send(member, { kind: "leave" });
    network.step();
    expect(network.refused(member, { kind: "leave" })).toBe("NO_LEASE");
    const actors = new Actors(network);
    for (let i = 0; i < 3; i++)
      expect(actors.finish(actors.order()).ranks).not.toContain(member.nodeId);
    network.put(renewal(network, member));
    network.step();
    expect(network.state.node(member.nodeId)).toMatchObject({ clean: 20 });
    expect(network.state.node(member.nodeId)?.lease).not.toBeNull();
  });
});
