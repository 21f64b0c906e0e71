import type { NetworkPolicy } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { policyFlaw } from "./policy-flaw.ts";
import { ONE } from "./reputation.ts";
import { standingNetwork, testPolicy } from "./testing/index.ts";

/** Caps on, and no hurry. */
const strangers: NetworkPolicy = { ...testPolicy, operatorCap: 1, handOverMs: 30_000 };

describe("a policy is unsound", () => {
  test("not in tests, nor among strangers who are given time", () => {
    expect([testPolicy, strangers].map((policy) => policyFlaw(policy))).toEqual([null, null]);
  });

  test.each<[string, Partial<NetworkPolicy>]>([
    ["an epoch of a millisecond", { epochMs: 1, handOverMs: 1, handOverBlocks: 1 }],
    ["a hand-over of a millisecond", { handOverMs: 1 }],
    ["no pay for work", { verifierShare: ONE }],
    ["no burnt share", { burnShare: 0 }],
    ["contributions that are gone at once", { contributionKept: 0 }],
  ])("anywhere with %s", (_, change) => {
    expect(policyFlaw({ ...testPolicy, ...change })).not.toBeNull();
  });

  test.each<[string, Partial<NetworkPolicy>]>([
    ["hasty hand-overs", { handOverMs: 29_999 }],
    ["hasty epochs", { epochMs: 299_999 }],
    ["a lease that ends with the next heartbeat", { leaseMs: 30_000 }],
    ["a floor that nobody reaches", { reputationFloor: ONE }],
    ["seats that nobody is old enough for", { seatAgeEpochs: 100_000 }],
    ["tasks that are forgotten at once", { taskKeptMs: 1 }],
  ])("among strangers with %s, and one team may have it", (_, change) => {
    expect(policyFlaw({ ...strangers, ...change })).not.toBeNull();
    expect(policyFlaw({ ...testPolicy, ...change })).toBeNull();
  });
});

test("seats cannot hurry a running network beyond it", () => {
  const network = standingNetwork({ members: 4 });
  const policy = { ...network.state.policy, epochMs: 1, handOverMs: 1, handOverBlocks: 1 };
  const [seat] = network.members;
  if (!seat) throw new Error("no member");
  const proposal = { policy, protocolVersion: 1 };
  expect(network.refused(seat, { kind: "govern", proposal })).toBe("UNSOUND_PROPOSAL");
});
