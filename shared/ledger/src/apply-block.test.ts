import { vrfProve } from "@meshwork/crypto";
import type { Digest, NodeId } from "@meshwork/foundation";
import {
  type Block,
  block as blockWire,
  lastCommitHashOf,
  transactionRootOf,
} from "@meshwork/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { applyBlock } from "./apply-block.ts";
import { beaconInput } from "./beacon.ts";
import { leaderOrder } from "./elect-committee.ts";
import { Actors, seeded, seededDigest, TestNetwork, testOrder } from "./testing/index.ts";

let network: TestNetwork;
let good: Block;

/** The third block, with an order in it: as an honest leader built it. */
beforeEach(() => {
  network = new TestNetwork({ members: 6 });
  network.step({ view: 1 });
  network.step({ view: 1 });
  const order = testOrder(network.requester.nodeId);
  network.send(network.requester, { kind: "submit", order });
  const built = network.propose();
  if (!built.ok) throw new Error(built.refusal.reason);
  good = built.block;
});

const verdictOn = (header: Partial<Block["header"]>, rest: Partial<Block> = {}) => {
  const leader = network.leaderAt(3).nodeId;
  const block = { ...good, ...rest, header: { ...good.header, ...header } };
  const result = applyBlock({ state: network.state, parent: network.header, leader }, block);
  return result.ok ? "valid" : result.refusal.code;
};

describe("a block is valid", () => {
  test("as its leader built it, also after the way over the wire", () => {
    expect(verdictOn({})).toBe("valid");
    const received = blockWire.decode(blockWire.encode(good));
    expect(network.check(received).ok).toBe(true);
  });

  test("and does the same to the state in its builder and in its checker", () => {
    const built = network.propose();
    const checked = network.check(good);
    if (!built.ok || !checked.ok) throw new Error("not valid");
    expect(checked.state.root()).toBe(built.state.root());
    expect(checked.whys).toEqual(built.whys);
    expect(checked.events).toEqual(built.events);
    expect(checked.changes).toEqual(built.changes);
  });
});

describe("a block is refused", () => {
  const stranger = seededDigest("stranger");
  const forged: [string, string, () => Partial<Block["header"]>, (() => Partial<Block>)?][] = [
    ["of another network", "WRONG_CHAIN", () => ({ chainId: stranger as never })],
    ["of another epoch", "WRONG_EPOCH", () => ({ epoch: 1 })],
    ["of another height", "WRONG_PARENT", () => ({ height: 4 })],
    ["on another parent", "WRONG_PARENT", () => ({ parent: stranger as never })],
    ["whose time stands still", "TIME_NOT_AFTER_PARENT", () => ({ time: network.header.time })],
    [
      "that hurries active time",
      "WRONG_ACTIVE_TIME",
      () => ({ activeTime: good.header.activeTime + 1 }),
    ],
    [
      "of a seat that does not lead its view",
      "WRONG_PROPOSER",
      () => ({ proposer: network.leaderAt(4).nodeId }),
    ],
    ["without a beacon proof", "BAD_BEACON_PROOF", () => ({ beaconProof: null })],
    [
      "with a beacon proof of another height",
      "BAD_BEACON_PROOF",
      () => {
        const { head } = network.state;
        const alpha = beaconInput({ ...head, height: head.height + 1 });
        return { beaconProof: vrfProve(network.leaderAt(3).vrfSeed, alpha) };
      },
    ],
    [
      "with a beacon proof by another key",
      "BAD_BEACON_PROOF",
      () => ({ beaconProof: vrfProve(seeded("other"), beaconInput(network.state.head)) }),
    ],
    ["of another committee", "WRONG_COMMITTEE", () => ({ committeeHash: stranger as Digest })],
    [
      "that announces a committee out of time",
      "WRONG_COMMITTEE",
      () => ({ nextCommitteeHash: stranger as Digest }),
    ],
    [
      "that names another certificate of its parent than it carries",
      "WRONG_LAST_COMMIT",
      () => ({ lastCommitHash: stranger as Digest }),
    ],
    [
      "without the certificate of its parent",
      "WRONG_LAST_COMMIT",
      () => ({ lastCommitHash: lastCommitHashOf(null) }),
      () => ({ lastCommit: null }),
    ],
    [
      "with a certificate of an older block",
      "WRONG_LAST_COMMIT",
      () => ({ lastCommitHash: lastCommitHashOf(network.blocks[0]?.certificate ?? null) }),
      () => ({ lastCommit: network.blocks[0]?.certificate ?? null }),
    ],
    [
      "that leaves a transaction out of its root",
      "WRONG_TRANSACTION_ROOT",
      () => ({ transactionRoot: transactionRootOf([]) }),
    ],
    ["that names another state", "WRONG_STATE_ROOT", () => ({ stateRoot: stranger as Digest })],
    ["that is empty when nothing is owed", "NOT_OWED", () => ({}), () => ({ transactions: [] })],
    [
      "that holds a transaction twice",
      "TRANSACTION_REFUSED",
      () => ({}),
      () => ({ transactions: [...good.transactions, ...good.transactions] }),
    ],
  ];
  test.each(forged)("%s: %s", (_, code, header, rest) => {
    expect(verdictOn(header(), rest?.())).toBe(code);
  });

  test("with a certificate of its parent from before the parent was proposed", () => {
    // The parent is of view 1; a quorum that signs it in view 0 has signed nonsense.
    const early = network.certify(network.header, 0);
    const header = { lastCommitHash: lastCommitHashOf(early) };
    expect(verdictOn(header, { lastCommit: early })).toBe("WRONG_LAST_COMMIT");
    const late = network.certify(network.header, 4);
    expect(verdictOn({ lastCommitHash: lastCommitHashOf(late) }, { lastCommit: late })).toBe(
      "valid",
    );
  });

  test("with a certificate of its parent that too few signed", () => {
    const { lastCommit } = good;
    if (lastCommit === null) throw new Error("no certificate");
    const fewer = {
      ...lastCommit,
      seats: lastCommit.seats.slice(1),
      signatures: lastCommit.signatures.slice(1),
    };
    const header = { lastCommitHash: lastCommitHashOf(fewer) };
    expect(verdictOn(header, { lastCommit: fewer })).toBe("WRONG_LAST_COMMIT");
  });
});

describe("demand", () => {
  test("an idle network owes a block only when its heartbeat is due", () => {
    const { header } = network;
    network = new TestNetwork({ members: 6 });
    expect(network.propose({ elapsedMs: 29_999 })).toMatchObject({
      ok: false,
      refusal: { code: "NOT_OWED" },
    });
    expect(network.propose({ elapsedMs: 30_000 }).ok).toBe(true);
    expect(network.propose({ elapsedMs: 1, view: 1 }).ok).toBe(true);
    expect(header.height).toBe(2);
  });

  test("a waiting draw owes blocks at once, until two seats have proposed after it", () => {
    const actors = new Actors(network);
    const orderId = actors.order();
    expect(network.state.task(orderId)?.phase).toBe("submitted");
    network.step({ elapsedMs: 1 });
    expect(network.state.task(orderId)?.phase).toBe("submitted");
    network.step({ elapsedMs: 1 });
    expect(network.state.task(orderId)?.phase).toBe("running");
    expect(network.propose({ elapsedMs: 1 }).ok).toBe(false);
  });

  test("a single seat that proposes again and again never brings a draw", () => {
    const actors = new Actors(network);
    const orderId = actors.order();
    const same = network.leaderAt(network.header.height + 1).nodeId;
    for (let i = 0; i < 6; i++) {
      const height = network.header.height + 1;
      const view = [0, 1, 2, 3].find((v) => network.leaderAt(height, v).nodeId === same);
      network.step({ view: view ?? 0, elapsedMs: 1 });
    }
    expect(network.state.task(orderId)?.phase).toBe("submitted");
  });

  test("active time grows by a minute a block at most, so a network that slept misses nothing", () => {
    network.step();
    const before = network.state.head.activeTime;
    network.step({ elapsedMs: 24 * 3_600_000 });
    expect(network.state.head.activeTime).toBe(before + 60_000);
  });
});

test("every seat leads once in as many heights as there are seats", () => {
  const order = leaderOrder(network.state);
  expect([...order].sort()).toEqual([0, 1, 2, 3]);
  const leaders = new Set<NodeId>([4, 5, 6, 7].map((height) => network.leaderAt(height).nodeId));
  expect(leaders.size).toBe(4);
});
