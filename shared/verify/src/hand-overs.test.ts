import { Actors, candidacy, History, TestNetwork, testMember } from "@meshwork/ledger/testing";
import {
  committeeHash,
  genesis,
  type HandOver,
  receipt as receiptWire,
  signBallot,
  stateClaim,
  taskRecord,
} from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import {
  anchorOf,
  anchorOfCheckpoint,
  follow,
  followHandOvers,
  type LightClient,
  lightClientFrom,
  verifyReceipt,
  verifyState,
} from "./index.ts";

const DAY = 24 * 3_600_000;

/** A network whose committee has changed in each of three epochs; a task was done in the last. */
const network = new TestNetwork({
  members: 8,
  policy: { epochMs: 60_000, committeeSeats: 4, handOverBlocks: 2, handOverMs: 20 },
});
network.step({ view: 1 });
for (const member of network.members) network.put(candidacy(network, member));
network.passEpoch();
network.step({ view: 1 });
const early = network.claimOf("account", network.requester.nodeId);
for (let epoch = 1; epoch < 4; epoch++) network.passEpoch();
const actors = new Actors(network);
const orderId = actors.order();
actors.finish(orderId);

const receipt = network.receiptOf(orderId);
const claim = network.claimOf("account", network.requester.nodeId);
const { handOvers } = network;
const believed = { genesis: network.genesis, now: network.header.time };
const apart = <T extends object>(shown: T) => ({ ...shown, handOver: [] });

const seatsOf = (handOver?: HandOver) => handOver?.committee.seats.map(({ node }) => node).join();

test("the committees of this test are not all the same", () => {
  expect(new Set(handOvers.map(seatsOf)).size).toBeGreaterThan(2);
});

describe("a receipt of a later epoch", () => {
  test("verifies with the genesis alone when it brings the hand-overs along", () => {
    expect(receipt.header.epoch).toBe(4);
    const bytes = receiptWire.encode(receipt);
    expect(verifyReceipt(bytes, believed)).toMatchObject({ ok: true, trust: "valid" });
  });

  test("verifies with a chain that lies apart, or a part of it that does", () => {
    expect(verifyReceipt(apart(receipt), { ...believed, handOver: handOvers }).ok).toBe(true);
    const [first, ...rest] = handOvers as [HandOver, ...HandOver[]];
    const shown = { ...receipt, handOver: rest };
    expect(verifyReceipt(shown, { ...believed, handOver: [first] }).ok).toBe(true);
    expect(verifyReceipt(shown, believed)).toMatchObject({ code: "WRONG_EPOCH" });
  });

  test("is refused without the chain, or with a gap in it", () => {
    expect(verifyReceipt(apart(receipt), believed)).toMatchObject({ code: "WRONG_EPOCH" });
    const gap = { ...receipt, handOver: handOvers.filter((_, i) => i !== 1) };
    expect(verifyReceipt(gap, believed)).toMatchObject({ code: "WRONG_EPOCH" });
  });

  test("verifies from a checkpoint, and from no epoch after its own", () => {
    const at = (epoch: number) => {
      const { committee } = handOvers[epoch - 1] as HandOver;
      const found = network.blocks.find(({ block }) => block.header.epoch === epoch);
      if (!found) throw new Error(`no block of epoch ${epoch}`);
      const anchor = anchorOfCheckpoint({ header: found.block.header, committee });
      if ("code" in anchor) throw new Error(anchor.reason);
      return anchor;
    };
    for (const epoch of [1, 2, 3, 4])
      expect(verifyReceipt(receipt, { ...believed, genesis: at(epoch) }).ok).toBe(true);
    const early = network.blocks[0]?.block.header;
    const old = { ...receipt, header: early as typeof receipt.header };
    expect(verifyReceipt(old, { ...believed, genesis: at(4) }).ok).toBe(false);
  });

  test("is as trusted as the anchor is young, however new the block is", () => {
    const now = network.genesis.time + 22 * DAY;
    expect(verifyReceipt(receipt, { ...believed, now })).toMatchObject({ trust: "valid_historic" });
    const { header, committee } = handOvers[3] as HandOver;
    const later = { ...header, time: now - DAY, committeeHash: header.nextCommitteeHash as never };
    const checkpoint = anchorOfCheckpoint({ header: { ...later, epoch: 4 }, committee });
    if ("code" in checkpoint) throw new Error(checkpoint.reason);
    expect(verifyReceipt(receipt, { now, genesis: checkpoint })).toMatchObject({ trust: "valid" });
  });
});

test("a checkpoint with another committee than its header names is refused", () => {
  const { header, committee } = handOvers[0] as HandOver;
  expect(anchorOfCheckpoint({ header, committee })).toMatchObject({ code: "WRONG_COMMITTEE" });
});

describe("a hand-over is refused", () => {
  const anchor = anchorOf(network.genesis);
  const [first, second] = handOvers as [HandOver, HandOver];
  const tell = (change: Partial<HandOver>) => followHandOvers(anchor, [{ ...first, ...change }]);

  test("to another committee than the header names", () => {
    expect(tell({ committee: second.committee })).toMatchObject({ code: "WRONG_COMMITTEE" });
    const leaders = first.committee.leaders.toReversed();
    const turned = { ...first.committee, leaders };
    expect(tell({ committee: turned })).toMatchObject({ code: "WRONG_COMMITTEE" });
  });

  test("by a header that names no committee to come", () => {
    const early = network.blocks[0];
    if (!early) throw new Error("no block");
    const { header } = early.block;
    expect(tell({ header, certificate: early.certificate })).toMatchObject({
      code: "WRONG_COMMITTEE",
    });
  });

  test("to a committee of another epoch than the next, even if the sitting one signs that", () => {
    const committee = { ...first.committee, epoch: 2 };
    const header = { ...first.header, nextCommitteeHash: committeeHash(committee) };
    const certificate = network.certify(header);
    expect(tell({ header, certificate, committee })).toMatchObject({ code: "WRONG_COMMITTEE" });
    const right = { ...header, nextCommitteeHash: committeeHash(first.committee) };
    expect(tell({ header: right, certificate: network.certify(right) })).toMatchObject({
      epoch: 1,
    });
  });

  test("when the committee that comes in signs it itself", () => {
    const at = handOvers.findIndex(
      (each, i) => i > 0 && seatsOf(each) !== seatsOf(handOvers[i - 1]),
    );
    const { header, certificate, committee } = handOvers[at] as HandOver;
    const sitting = followHandOvers(anchor, handOvers.slice(0, at));
    if ("code" in sitting) throw new Error(sitting.reason);
    // Who comes in has the last seat.
    const votes = committee.seats.slice(1).map(({ node }, i) => {
      const { voteKeyPair } = network.memberOf(node);
      return signBallot(voteKeyPair, network.chainId, i + 1, certificate.ballot);
    });
    const signatures = votes.map(({ signature }) => signature);
    const forged = { ...certificate, seats: votes.map(({ seat }) => seat), signatures };
    expect(followHandOvers(sitting, [{ header, certificate: forged, committee }])).toMatchObject({
      code: "NO_QUORUM",
    });
  });
});

describe("a light client", () => {
  const ok = (next: ReturnType<typeof follow>): LightClient => {
    if (!next.ok) throw new Error(next.reason);
    return next;
  };
  const blocks = network.blocks.map(({ block, certificate }) => ({
    header: block.header,
    certificate,
  }));
  const fresh = () => lightClientFrom(anchorOf(network.genesis));

  test("goes from epoch to epoch, whether it saw the last header of each before or not", () => {
    let sparse = fresh();
    let thorough = fresh();
    for (const handOver of handOvers) {
      for (const block of blocks.filter(({ header }) => header.epoch === handOver.header.epoch))
        thorough = ok(follow(thorough, block));
      thorough = ok(follow(thorough, { handOver }));
      sparse = ok(follow(sparse, { handOver }));
      expect(sparse.anchor).toEqual(thorough.anchor);
    }
    const last = blocks.at(-1) as (typeof blocks)[number];
    expect(ok(follow(sparse, last)).head).toEqual(network.header);
  });

  test("believes no block of an epoch that it has not been handed to, nor an epoch twice", () => {
    const last = blocks.at(-1) as (typeof blocks)[number];
    expect(follow(fresh(), last)).toMatchObject({ code: "WRONG_EPOCH" });
    const [handOver] = handOvers as [HandOver];
    const client = ok(follow(fresh(), { handOver }));
    expect(follow(client, { handOver })).toMatchObject({ code: "WRONG_EPOCH" });
    expect(follow(client, { handOver: handOvers[2] as HandOver })).toMatchObject({
      code: "WRONG_EPOCH",
    });
  });

  test("stays young while it follows the chain, and does not become so by reading it later", () => {
    const live = handOvers.reduce(
      (client, handOver) => ok(follow(client, { handOver }, { now: handOver.header.time + 1 })),
      fresh(),
    );
    expect(live.anchor.time).toBe(handOvers.at(-1)?.header.time);
    const now = network.genesis.time + 22 * DAY;
    const late = handOvers.reduce(
      (client, handOver) => ok(follow(client, { handOver }, { now })),
      fresh(),
    );
    expect(late.anchor.time).toBe(network.genesis.time);
  });
});

test("the hand-overs of random histories are followed to their end", () => {
  let followed = 0;
  for (const seed of ["followed 0", "followed 1", "followed 2", "followed 3"]) {
    const history = new History(seed);
    history.run(25);
    const { handOvers: chain, state, genesis: first } = history.network;
    const reached = followHandOvers(anchorOf(first), chain);
    if ("code" in reached) throw new Error(`${seed}: ${reached.reason}`);
    expect(reached.epoch).toBe(state.epoch.number);
    expect(reached.voteKeys).toEqual(state.committee.seats.map(({ voteKey }) => voteKey));
    followed += chain.length;
  }
  // Some histories are over before their first epoch is.
  expect(followed).toBeGreaterThan(4);
});

describe("a claim about the state", () => {
  test("of an earlier epoch verifies with a chain that goes further", () => {
    expect(early.header.epoch).toBe(1);
    const shown = apart(early);
    expect(verifyState(shown, { ...believed, handOver: handOvers })).toMatchObject({ ok: true });
  });

  test("of an account, of a task, and of what is not there verifies with the genesis alone", () => {
    const encoded = stateClaim.encode(claim);
    expect(verifyState(encoded, believed)).toMatchObject({ ok: true, kind: "account" });
    const task = verifyState(network.claimOf("task", orderId), believed);
    if (!task.ok || task.value === null) throw new Error("not verified");
    expect(taskRecord.decode(task.value).orderId).toBe(orderId);
    const nobody = verifyState(network.claimOf("account", testMember("nobody").nodeId), believed);
    expect(nobody).toMatchObject({ ok: true, value: null, height: network.header.height });
  });

  test("is refused for another value, another name, another kind, and for absence of what is there", () => {
    const wrong = { code: "NOT_IN_STATE" };
    expect(verifyState({ ...claim, value: null }, believed)).toMatchObject(wrong);
    const [member] = network.members;
    expect(verifyState({ ...claim, id: member?.nodeId ?? "" }, believed)).toMatchObject(wrong);
    expect(verifyState({ ...claim, kind: "node" }, believed)).toMatchObject(wrong);
    const other = Uint8Array.from(claim.value ?? [], (byte, i) => (i === 40 ? byte ^ 1 : byte));
    expect(verifyState({ ...claim, value: other }, believed)).toMatchObject(wrong);
    const absent = network.claimOf("account", testMember("nobody").nodeId);
    expect(verifyState({ ...absent, value: claim.value }, believed)).toMatchObject(wrong);
  });

  test("is refused when its block is not final, or the network another", () => {
    const header = { ...claim.header, time: claim.header.time + 1 };
    expect(verifyState({ ...claim, header }, believed)).toMatchObject({ code: "WRONG_BLOCK" });
    expect(verifyState(apart(claim), believed)).toMatchObject({ code: "WRONG_EPOCH" });
    const other = genesis.encode({ ...network.genesis, name: "other" });
    expect(verifyState(claim, { ...believed, genesis: other })).toMatchObject({
      code: "WRONG_CHAIN",
    });
    expect(verifyState(new Uint8Array(3), believed)).toMatchObject({ code: "NOT_A_CLAIM" });
  });

  test("is refused after any single byte of it is changed", () => {
    const bytes = stateClaim.encode(apart(claim));
    const { committee, header } = handOvers.at(-1) as HandOver;
    const anchor = anchorOfCheckpoint({
      header: { ...header, epoch: 4, committeeHash: header.nextCommitteeHash as never },
      committee,
    });
    if ("code" in anchor) throw new Error(anchor.reason);
    const options = { genesis: anchor, now: anchor.time };
    expect(verifyState(bytes, options).ok).toBe(true);
    const accepted: number[] = [];
    for (const at of bytes.keys()) {
      const damaged = bytes.with(at, (bytes[at] as number) ^ (1 << (at % 8)));
      if (verifyState(damaged as Uint8Array, options).ok) accepted.push(at);
    }
    expect(accepted).toEqual([]);
  });
});
