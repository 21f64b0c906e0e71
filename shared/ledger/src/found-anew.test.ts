import { vrfKeyPair } from "@meshwork/crypto";
import {
  type Committee,
  chainIdOf,
  firstEpochOf,
  type Genesis,
  genesisVoteKeys,
  lastSuccessor,
  type SuccessorBody,
  type SuccessorGenesis,
  signSuccessor,
} from "@meshwork/protocol";
import { expect, test } from "vitest";
import { assertConserved } from "./conservation.ts";
import { foundAnew } from "./found-anew.ts";
import { registration } from "./testing/identities.ts";
import {
  Actors,
  recoveryKeyOf,
  seededDigest,
  standingNetwork,
  type TestMember,
  testMember,
} from "./testing/index.ts";

/** Two of four seats are gone; six members founded the network. */
const network = standingNetwork({ members: 6 });
const actors = new Actors(network);
actors.order();
const idle = testMember("idle guest");
network.guests.push(idle);
network.put(registration(network, idle));
network.passEpoch();
const { state, members, genesis } = network;

/** The four that are left. */
const committee: Committee = {
  epoch: 2,
  seats: members.slice(2).map(({ nodeId, voteKeyPair, vrfSeed }) => ({
    node: nodeId,
    voteKey: voteKeyPair.publicKey,
    vrfKey: vrfKeyPair(vrfSeed).publicKey,
  })),
  leaders: [2, 0, 3, 1],
};
const body: SuccessorBody = {
  version: 1,
  nonce: seededDigest("anew"),
  parentChainId: state.head.chainId,
  height: state.head.height,
  stateRoot: state.root(),
  time: state.head.time + 3_600_000,
  committee,
};
const signed = (by: readonly TestMember[], value = body): SuccessorGenesis => ({
  body: value,
  signatures: by.map((member) => signSuccessor(recoveryKeyOf(member, 0), value)),
});
const founded = (successor: SuccessorGenesis, founders: Genesis = genesis) =>
  foundAnew(state, { founders, successor });

test("a network that lost its seats goes on from its state, under a new name and by new votes", () => {
  const anew = founded(signed(members.slice(0, 5)));
  expect(anew.header).toMatchObject({ height: state.head.height, epoch: 2, beaconProof: null });
  expect(anew.header.stateRoot).toBe(anew.state.root());
  expect(anew.state.head.chainId).not.toBe(state.head.chainId);
  expect([...anew.state.all("account")]).toEqual([...state.all("account")]);
  network.goOn(anew);
  for (let i = 0; i < 4; i++) network.step({ view: 1 });
  network.passEpoch();
  expect(network.header).toMatchObject({ epoch: 2, chainId: anew.header.chainId });
  const orderId = actors.order();
  expect(actors.finish(orderId).phase).toBe("done");
  assertConserved(network.state);
});

test("what the seats of the lost network wanted counts for nothing in the one that goes on", () => {
  const lost = standingNetwork({ members: 6 });
  lost.passEpoch();
  const proposal = { policy: { ...lost.state.policy, maxAttempts: 3 }, protocolVersion: 1 };
  const seats = lost.state.committee.seats.map(({ node }) => lost.memberOf(node));
  for (const seat of seats.slice(0, 2)) lost.send(seat, { kind: "govern", proposal });
  lost.step();
  expect([...lost.state.all("stance")]).toHaveLength(2);
  const { head, epoch } = lost.state;
  const successor = signed(lost.members, {
    ...{ ...body, parentChainId: head.chainId, height: head.height, stateRoot: lost.state.root() },
    committee: { ...lost.state.committee, epoch: epoch.number + 1 },
  });
  lost.goOn(foundAnew(lost.state, { founders: lost.genesis, successor }));
  lost.step({ view: 1 });
  lost.send(seats[2] as TestMember, { kind: "govern", proposal });
  lost.step();
  expect([...lost.state.all("stance")]).toHaveLength(1);
  expect(lost.state.epoch.adopted).toBeNull();
});

test("a genesis that goes on by what its founders have not signed has no name", () => {
  const goingOn = (successor: SuccessorGenesis) => ({ ...genesis, successors: [successor] });
  const anew = founded(signed(members));
  expect(chainIdOf(goingOn(signed(members)))).toBe(anew.state.head.chainId);
  const unwanted = goingOn(signed(members.slice(0, 4)));
  for (const use of [chainIdOf, lastSuccessor, firstEpochOf, genesisVoteKeys])
    expect(() => use(unwanted)).toThrow(/have not signed/);
});

test("two thirds of the founders' recovery keys are not enough, nor is one of them twice, nor another's", () => {
  const code = { code: "FOUNDING_UNWANTED" };
  const four = members.slice(0, 4);
  const thrown = (successor: SuccessorGenesis) => {
    try {
      founded(successor);
    } catch (error) {
      return error;
    }
    return null;
  };
  expect(thrown(signed(four))).toMatchObject(code);
  expect(thrown(signed([...four, ...four]))).toMatchObject(code);
  expect(thrown(signed([...four, network.requester]))).toMatchObject(code);
  const other = { ...body, nonce: seededDigest("other") };
  expect(thrown({ body: other, signatures: signed(members).signatures })).toMatchObject(code);
});

test("another state than the founders signed is refused, and so is a committee that cannot be", () => {
  const wrong = (change: Partial<SuccessorBody>) => () =>
    founded(signed(members, { ...body, ...change }));
  for (const change of [
    { height: body.height - 1 },
    { stateRoot: seededDigest("root") },
    { parentChainId: seededDigest("chain") as never },
  ])
    expect(wrong(change)).toThrow(/restore that height/);
  const seated = state.account(committee.seats[3]?.node as never);
  const barred = seated && state.with("account", { ...seated, barred: "equivocated" });
  const successor = signed(members, { ...body, stateRoot: barred?.root() ?? body.stateRoot });
  expect(() => barred && foundAnew(barred, { founders: genesis, successor })).toThrow(/standing/);
  const [first, ...rest] = committee.seats as [Committee["seats"][number]];
  for (const [change, why] of [
    [{ epoch: 3 }, /the next is 2/],
    [{ leaders: [0, 1, 2, 2] }, /in turn/],
    [{ seats: [first, first, ...rest.slice(1)] }, /twice/],
    [{ seats: [{ ...first, node: network.requester.nodeId }, ...rest] }, /good standing/],
    // What was never used would be forgotten while it sits.
    [{ seats: [{ ...first, node: idle.nodeId }, ...rest] }, /good standing/],
  ] as const)
    expect(wrong({ committee: { ...committee, ...change } as Committee })).toThrow(why);
});
