import { limits, type NodeId, systemClock } from "@meshwork/foundation";
import { equivocation, standingNetwork } from "@meshwork/ledger/testing";
import { createMetrics, silentLog } from "@meshwork/observability";
import type { Channel } from "@meshwork/p2p";
import {
  requestNames,
  type SyncReply,
  stateClaim,
  stateKey,
  syncReply,
  syncRequest,
} from "@meshwork/protocol";
import { anchorOf } from "@meshwork/verify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { HeaderFollower } from "./follow-headers.ts";
import { standings } from "./standing.ts";

/** A network whose committee has changed hands four times, and of which a seat was barred on the way. */
const network = standingNetwork({
  policy: { epochMs: 20_000, handOverBlocks: 2, handOverMs: 20, committeeSeats: 4 },
});
const [member, , , villain] = network.state.committee.seats.map(({ node }) => node) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];
network.send(network.requester, equivocation(network, { seat: 3 }));
network.step();
while (network.handOvers.length < 4) network.step({ view: 1, elapsedMs: 2_000 });
const { header, lastCommit, state } = network;
const names = ["honest", "liar", "S"].map((name) => name.padEnd(44, "x") as NodeId);
const [honest, liar, stranger] = names as [NodeId, NodeId, NodeId];

/** What each peer answers a sync request with. */
let peers: Map<NodeId, (kind: string) => SyncReply[]>;
let follower: HeaderFollower;
/** Added to the clock. */
let passedMs: number;
beforeEach(() => {
  [peers, passedMs] = [new Map(), 0];
  const clock = {
    ...systemClock,
    now: () => header.time,
    monotonic: () => systemClock.monotonic() + passedMs,
    setTimer: (_: number, call: () => void) => systemClock.setTimer(5, call),
  };
  follower = new HeaderFollower(
    {
      channels: { open: async (peer) => channelTo(peer) },
      connected: () => [...peers.keys()],
      clock,
      log: silentLog,
      metrics: createMetrics({ processMetrics: false }),
    },
    network.genesis,
  );
});
afterEach(() => follower.stop());

function channelTo(nodeId: NodeId): Channel {
  const answers: Uint8Array[] = [];
  return {
    nodeId,
    async send(frame: Uint8Array) {
      const replies = peers.get(nodeId)?.(syncRequest.decode(frame).kind) ?? [];
      answers.push(...replies.map(syncReply.encode));
    },
    abort() {},
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const answer = answers.shift();
        if (!answer) return;
        yield answer;
      }
    },
  } as unknown as Channel;
}
const truth = (kind: string): SyncReply[] =>
  kind === "follow"
    ? [{ kind: "head", head: lastCommit && { header, certificate: lastCommit } }]
    : [{ kind: "hand-overs", handOvers: network.handOvers }];

test("from the genesis a relay follows the hand-overs to the newest head", async () => {
  peers.set(honest, (kind) =>
    kind === "follow" ? truth(kind) : [...truth(kind), ...truth("follow")],
  );
  await expect.poll(() => follower.height).toBe(header.height);
  expect(follower.anchorOf(header.epoch)?.epoch).toBe(header.epoch);
  expect(follower.anchorOf(0)).toBeNull();
});

test("a head that no quorum signed, or a committee that nobody elected, is not believed", async () => {
  const far = { ...header, height: 2 ** 40, epoch: 0 };
  let told = 0;
  peers.set(liar, (kind) => {
    told++;
    return kind === "follow" && lastCommit
      ? [
          {
            kind: "hand-overs",
            handOvers: network.handOvers.map((one) => ({
              ...one,
              committee: { ...one.committee, seats: one.committee.seats.toReversed() },
            })),
          },
          { kind: "head", head: { header: far, certificate: lastCommit } },
        ]
      : [];
  });
  await expect.poll(() => told).toBeGreaterThan(0);
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect([follower.height, follower.anchorOf(1)]).toEqual([0, null]);
});

test("who claims a far epoch and leads nowhere is asked once, and left for minutes", async () => {
  const claim = lastCommit && { header: { ...header, epoch: 999 }, certificate: lastCommit };
  const [first] = network.handOvers;
  if (!first) throw new Error("no epoch has ended");
  const junk = Array.from({ length: limits.syncHandOvers }, () => ({
    ...first,
    header: { ...first.header, epoch: 998 },
  }));
  const told: string[] = [];
  peers.set(liar, (kind) => {
    told.push(kind);
    return kind === "follow"
      ? [{ kind: "head", head: claim }]
      : [{ kind: "hand-overs", handOvers: junk }];
  });
  await expect.poll(() => told.length).toBeGreaterThan(1);
  passedMs = 60_000;
  peers.set(honest, (kind) =>
    kind === "follow" ? truth(kind) : [...truth(kind), ...truth("follow")],
  );
  await expect.poll(() => follower.height).toBe(header.height);
  expect(told).toEqual(["follow", "hand-overs"]);
});

test("a head of a later epoch without its hand-overs is a lie as well", async () => {
  let told = 0;
  peers.set(liar, (kind) => {
    told++;
    return kind === "follow"
      ? [{ kind: "head", head: lastCommit && { header, certificate: lastCommit } }]
      : [{ kind: "hand-overs", handOvers: [] }];
  });
  await expect.poll(() => told).toBe(2);
  passedMs = 60_000;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(told).toBe(2);
});

test("a node's standing is what is proved under the newest headers, whoever shows it", async () => {
  peers.set(honest, (kind) =>
    kind === "follow" ? truth(kind) : [...truth(kind), ...truth("follow")],
  );
  await expect.poll(() => follower.height).toBe(header.height);
  const claimOf = (id: NodeId, about = id) =>
    stateClaim.encode({
      ...{ version: 1, kind: "account", id: about, path: state.prove("account", id) },
      value: state.leaf(stateKey("account", id)).value?.subarray(1) ?? null,
      ...{ header, certificate: lastCommit as never, handOver: [] },
    });
  const asked: string[] = [];
  let lies = true;
  const standingOf = standings({
    headers: follower,
    connected: () => [liar, honest],
    clock: systemClock,
    messaging: {
      async request(witness, name, payload) {
        expect(name).toBe(requestNames.account);
        const id = Buffer.from(payload).toString() as NodeId;
        asked.push(witness);
        // The stranger shows a member's account as his own.
        if (witness === liar || witness === stranger)
          return lies ? claimOf(member, id) : new Uint8Array(0);
        if (witness === honest) return claimOf(id);
        throw new Error("it answers nothing");
      },
    },
  });
  expect(await standingOf(member)).toBe("member");
  expect(await standingOf(stranger)).toBe("stranger");
  expect(await standingOf(villain)).toBe("barred");
  const times = asked.length;
  expect(await standingOf(member)).toBe("member");
  expect(asked).toHaveLength(times);
  lies = false;
  expect(await standingOf("T".repeat(44) as NodeId)).toBe("stranger");
});

test("before any head is known nothing is said of anybody", async () => {
  const standingOf = standings({
    headers: follower,
    connected: () => [],
    clock: systemClock,
    messaging: { request: () => Promise.reject(new Error("nobody is asked")) },
  });
  expect(await standingOf(member)).toBe("unknown");
});

test("a barred node gains nothing by showing its account of before, and nobody shows old ones of others", async () => {
  const early = standingNetwork({ policy: { committeeSeats: 4 } });
  const cheat = early.state.committee.seats[3]?.node as NodeId;
  const claimOf = (id: NodeId) =>
    stateClaim.encode({
      ...{ version: 1, kind: "account", id, path: early.state.prove("account", id) },
      value: early.state.leaf(stateKey("account", id)).value?.subarray(1) ?? null,
      ...{ header: early.header, certificate: early.lastCommit as never, handOver: [] },
    });
  const before = claimOf(cheat);
  const innocent = early.state.committee.seats[1]?.node as NodeId;
  const long = claimOf(innocent);
  early.send(early.requester, equivocation(early, { seat: 3 }));
  early.step();
  const after = claimOf(cheat);
  let height = early.header.height;
  const asked: string[] = [];
  const look = (connected: NodeId[]) =>
    standings({
      headers: {
        get height() {
          return height;
        },
        anchorOf: () => anchorOf(early.genesis),
      },
      connected: () => connected,
      clock: { ...systemClock, now: () => early.header.time },
      messaging: {
        async request(witness, _, payload) {
          asked.push(witness);
          if (Buffer.from(payload).toString() === innocent) return long;
          return witness === honest ? after : before;
        },
      },
    });
  expect(await look([honest])(cheat)).toBe("barred");
  expect(asked).toEqual([honest, cheat]);
  expect(await look([liar, honest])(cheat)).toBe("barred");
  expect(await look([])(innocent)).toBe("member");
  height += 100;
  expect(await look([])(innocent)).toBe("stranger");
  expect(await look([honest])(cheat)).toBe("barred");
});
