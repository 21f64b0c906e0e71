import { TestNetwork } from "@meshwork/ledger/testing";
import { networkProposal } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { differences, proposalFrom } from "./proposal.ts";

const { policy } = new TestNetwork().genesis;
/** As the API shows them. */
const now = JSON.parse(networkProposal.toJson({ policy, protocolVersion: 1 }));
const refused = { name: "CliError", code: "PROPOSAL_INVALID" };

test("a proposal is the rules in force but for what was named", () => {
  const set = ["heartbeatMs=12000", "submitPrice=7", "admission=open"];
  const wanted = proposalFrom(now, { set });
  expect(wanted).toEqual({
    policy: { ...policy, heartbeatMs: 12_000, submitPrice: 7n, admission: "open" },
    protocolVersion: 1,
  });
  expect(networkProposal.encode(proposalFrom(now, { set }))).toEqual(
    networkProposal.encode(wanted),
  );
  expect(proposalFrom(now, { protocolVersion: 2 })).toEqual({ policy, protocolVersion: 2 });
});

test("a file holds a whole policy, and settings come on top of it", () => {
  const file = JSON.stringify({ ...now.policy, heartbeatMs: 20_000, drawFactor: 5 });
  const wanted = proposalFrom(now, { policy: file, set: ["drawFactor=6"] });
  expect(wanted.policy).toEqual({ ...policy, heartbeatMs: 20_000, drawFactor: 6 });
});

test.each([
  ["nonsense"],
  ["heartBeat=1"],
  ["heartbeatMs=soon"],
  ["heartbeatMs=60000"],
  ["bond=-1"],
])("%s is refused, and says what there is", (text) => {
  expect(() => proposalFrom(now, { set: [text] })).toThrow(expect.objectContaining(refused));
});

test("a file that is no whole policy is refused", () => {
  for (const file of ["{", "7", "{}", JSON.stringify({ ...now.policy, more: 1 })])
    expect(() => proposalFrom(now, { policy: file })).toThrow(expect.objectContaining(refused));
});

test("what a proposal changes is told by name", () => {
  expect(differences(now.policy, { ...now.policy, drawFactor: 8 })).toEqual([
    `drawFactor ${policy.drawFactor} → 8`,
  ]);
});
