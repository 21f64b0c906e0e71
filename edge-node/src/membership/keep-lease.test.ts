import { systemClock } from "@meshwork/foundation";
import { candidacy, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { type BodyOf, signNearness, type TransactionBody } from "@meshwork/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { TransactionRefused } from "../hand-in.ts";
import { keepLease } from "./keep-lease.ts";

let network: TestNetwork;
let renewals: BodyOf<"renew">[];
let vote: BodyOf<"renew">["vote"];
let serves: BodyOf<"renew">["serves"];
let nearness: BodyOf<"renew">["nearness"];
let stop: () => void;
beforeEach(() => {
  network = new TestNetwork();
  network.step({ view: 1 });
  renewals = [];
  const [member] = network.members as [(typeof network.members)[number]];
  const founder = candidacy(network, member).unsigned.body as BodyOf<"renew">;
  vote = founder.vote;
  serves = [];
  nearness = null;
  const { sealKey, region, runtimes, capacity, memoryMiB, cpus } = founder;
  stop = keepLease(
    {
      me: member.nodeId,
      chain: {
        get head() {
          return { state: network.state, header: network.header } as never;
        },
      },
      ledger: {
        async transact(body: TransactionBody) {
          renewals.push(body as BodyOf<"renew">);
          const code = network.refused(member, body);
          if (code !== undefined) throw new TransactionRefused(code, "no");
          network.send(member, body);
          network.step();
        },
      },
      clock: { ...systemClock, setTimer: (_, call) => systemClock.setTimer(1, call) },
      log: silentLog,
    },
    {
      get serves() {
        return serves;
      },
      ...{ sealKey, region, runtimes, capacity, memoryMiB, cpus },
      get nearness() {
        return nearness;
      },
      get vote() {
        return vote;
      },
    },
    new AbortController().signal,
  );
});
afterEach(() => stop());

type Pair = [TestNetwork["members"][number], TestNetwork["members"][number]];

/** It has looked many times since. */
async function looks(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 2));
}

test("a lease is renewed when half of it is over, and not before", async () => {
  await looks();
  expect(renewals).toEqual([]);
  const half = network.state.policy.leaseMs / 2;
  while (network.state.head.activeTime <= half) network.step({ view: 1, elapsedMs: 60_000 });
  await expect.poll(() => renewals.length).toBe(1);
  await looks();
  expect(renewals).toHaveLength(1);
});

test("a new vote key is registered at once, but no sooner after the last renewal than the ledger takes it", async () => {
  const [, other, third] = network.members.map(
    (member) => (candidacy(network, member).unsigned.body as BodyOf<"renew">).vote,
  );
  vote = other as typeof vote;
  await expect.poll(() => renewals.map((renewal) => renewal.vote)).toEqual([other]);
  vote = third as typeof vote;
  await looks();
  expect(renewals).toHaveLength(1);
  network.step({ view: 1, elapsedMs: 6_000 });
  await expect.poll(() => renewals.map((renewal) => renewal.vote)).toEqual([other, third]);
});

test("a word that somebody forged costs no lease", async () => {
  const [member, other] = network.members as Pair;
  nearness = signNearness(network.requester.keyPair, {
    ...{ chainId: network.chainId, node: member.nodeId, by: other.nodeId, region: "eu" },
    ...{ latencyClass: 0, time: network.header.time },
  });
  await expect.poll(() => renewals.filter((one) => one.nearness !== null)).toHaveLength(1);
  const half = network.state.head.activeTime + network.state.policy.leaseMs / 2;
  while (network.state.head.activeTime <= half) network.step({ view: 1, elapsedMs: 60_000 });
  await expect
    .poll(() => network.state.node(member.nodeId)?.lease?.renewedAt)
    .toBeGreaterThan(half - 120_000);
  expect(renewals.map((one) => one.nearness)).toEqual([nearness, null]);
});

test("a relay's word is registered at once; one that the ledger does not take costs no lease, and is not tried twice", async () => {
  const { requester, members, chainId } = network;
  const [member, other] = members as Pair;
  const word = (by: typeof requester) =>
    signNearness(by.keyPair, {
      ...{ chainId, node: member.nodeId, by: by.nodeId, region: "eu" },
      ...{ latencyClass: 1, time: network.header.time },
    });
  const found = () => network.state.node(member.nodeId)?.lease?.nearness;
  nearness = word(other);
  await expect.poll(found).toEqual({ region: "eu", latencyClass: 1 });
  // Its own word counts for nothing.
  nearness = { ...word(member), body: { ...word(member).body, latencyClass: 0 } };
  network.step({ view: 1, elapsedMs: 6_000 });
  await expect
    .poll(() => renewals.filter((one) => one.nearness?.body.latencyClass === 0))
    .toHaveLength(1);
  const half = network.state.head.activeTime + network.state.policy.leaseMs / 2;
  while (network.state.head.activeTime <= half) network.step({ view: 1, elapsedMs: 60_000 });
  await expect.poll(() => renewals.at(-1)?.nearness).toBeNull();
  expect(found()).toBeNull();
  await looks();
  expect(renewals.filter((one) => one.nearness?.body.latencyClass === 0)).toHaveLength(1);
});
