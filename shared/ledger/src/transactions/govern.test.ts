import type { Points } from "@meshwork/foundation";
import type { BodyOf, NetworkPolicy } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { policyFlaw } from "../policy-flaw.ts";
import { requireKnownProtocol } from "../protocol-version.ts";
import { standingNetwork, type TestMember, testPolicy } from "../testing/index.ts";

type Proposal = BodyOf<"govern">["proposal"];

function governed() {
  const network = standingNetwork({ members: 6 });
  const seats = network.state.committee.seats.map(({ node }) => network.memberOf(node));
  const propose = (change: Partial<NetworkPolicy>, protocolVersion = 1): BodyOf<"govern"> => ({
    kind: "govern",
    proposal: { policy: { ...network.state.policy, ...change }, protocolVersion },
  });
  const say = (member: TestMember | undefined, body: BodyOf<"govern">) => {
    network.send(member as TestMember, body);
    network.step();
  };
  return { network, seats, propose, say };
}

describe("what the seats say", () => {
  test("holds from the next epoch on once more than two thirds say the same", () => {
    const { network, seats, propose, say } = governed();
    const body = propose({ heartbeatMs: 20_000 });
    for (const seat of seats.slice(0, 2)) say(seat, body);
    expect(network.state.epoch.adopted).toBeNull();
    say(seats[2], body);
    expect(network.state.epoch.adopted).toEqual(body.proposal);
    expect(network.state.policy.heartbeatMs).toBe(30_000);
    network.passEpoch();
    expect(network.state.policy.heartbeatMs).toBe(20_000);
    expect(network.state.epoch.adopted).toBeNull();
    expect([...network.state.all("stance")]).toEqual([]);
  });

  test("counts as they last said it, in one epoch, and each seat once", () => {
    const { network, seats, propose, say } = governed();
    const [one, other] = [propose({ heartbeatMs: 20_000 }), propose({ heartbeatMs: 21_000 })];
    for (const seat of seats.slice(0, 2)) say(seat, one);
    say(seats[1], one);
    say(seats[1], other);
    say(seats[2], one);
    expect(network.state.epoch.adopted).toBeNull();
    network.passEpoch();
    expect(network.state.policy.heartbeatMs).toBe(30_000);
    // Two of the last epoch and one of this are not three.
    say(network.memberOf(network.state.committee.seats[0]?.node as never), one);
    expect(network.state.epoch.adopted).toBeNull();
  });

  test("is refused from who has no seat, once it is decided, and when it is unsound", () => {
    const { network, seats, propose, say } = governed();
    const body = propose({ heartbeatMs: 20_000 });
    const unseated = network.members.find((member) => !seats.includes(member)) as TestMember;
    expect(network.refused(unseated, body)).toBe("NO_SEAT");
    const [seat] = seats as [TestMember];
    const refusals = [
      propose({ bond: 99n as Points }),
      propose({ burnShare: 0 }),
      propose({ handOverMs: 70_000 }),
      propose({ heartbeatMs: 99, handOverMs: 400 }),
      propose({}, 3),
    ].map((unsound) => network.refused(seat, unsound));
    expect(new Set(refusals)).toEqual(new Set(["UNSOUND_PROPOSAL"]));
    for (const each of seats.slice(0, 3)) say(each, body);
    expect(network.refused(seat, propose({}))).toBe("ADOPTED_ALREADY");
  });
});

test("a node stops, and says what to do, when the network goes on by rules that it does not know", () => {
  const { network, seats, propose, say } = governed();
  for (const seat of seats.slice(0, 3)) say(seat, propose({}, 2));
  requireKnownProtocol(network.state);
  network.passEpoch();
  expect(network.state.protocolVersion).toBe(2);
  expect(() => requireKnownProtocol(network.state)).toThrow(/version 2 .* install newer software/);
  expect(network.propose({ view: 1 })).toMatchObject({ refusal: { code: "UNKNOWN_PROTOCOL" } });
  const last = network.blocks.at(-1)?.block;
  expect(last && network.check(last)).toMatchObject({ refusal: { code: "UNKNOWN_PROTOCOL" } });
});

test("the policy of a test network is sound", () => {
  const sound: Proposal["policy"] = testPolicy;
  expect(policyFlaw(sound)).toBeNull();
  expect(policyFlaw({ ...sound, leaseMs: 1 })).toMatch(/lease/);
});
