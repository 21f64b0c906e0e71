import { committeeHash } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { assertConserved, pointsOf } from "./conservation.ts";
import { contributionOf } from "./contribution.ts";
import { changeableSeats } from "./elect-committee.ts";
import type { Contribution } from "./epoch-records.ts";
import { ONE } from "./reputation.ts";
import { State } from "./state.ts";
import { Actors, History, TestNetwork } from "./testing/index.ts";

/** Chosen at random once; a failure names its seed. */
const seeds = Array.from({ length: 8 }, (_, i) => `history ${i}`);

const ways = new Set<string>();
const kinds = new Set<string>();
let judgedByPanels = 0;
let changes = 0;
let contributed = 0;

describe.each(seeds)("in %s", (seed) => {
  const history = new History(seed);
  const { network } = history;

  // `TestNetwork.step` checks each block as a stranger would and asserts conservation; both throw.
  test("every block is valid, no point is made or lost, and no restart changes the state", () => {
    let blocks = 0;
    history.run(30, ({ state }) => {
      for (const { conclusion } of state.all("task")) if (conclusion) ways.add(conclusion.outcome);
      expectOpenOrders(state);
      if (++blocks % 10 === 0) expect(State.fromLeaves(state.leaves()).root()).toBe(state.root());
    });
  });

  test("every task ends, and nobody stays bound to one", () => {
    history.end();
    for (const { conclusion } of network.state.all("task"))
      if (conclusion !== null && conclusion.panel !== null) judgedByPanels++;
    for (const { block } of network.blocks)
      for (const { unsigned } of block.transactions) kinds.add(unsigned.body.kind);
    expect(network.state.head.escrowed).toBe(0n);
    for (const node of network.state.nodes()) expect(node.assigned).toBe(0);
    for (const account of network.state.all("account")) expect(account.bonded).toBe(0n);
  });

  test("every epoch has one committee, a third of it new at most, and nobody in it twice", () => {
    let sitting = new TestNetwork({ members: network.members.length }).state.committee.seats;
    for (const { header, committee } of network.handOvers) {
      const before = sitting.map(({ node }) => node);
      const now = committee.seats.map(({ node }) => node);
      expect(header.nextCommitteeHash).toBe(committeeHash(committee));
      expect(new Set(now).size).toBe(now.length);
      expect(now.length).toBeGreaterThanOrEqual(4);
      expect(committee.leaders.toSorted((a, b) => a - b)).toEqual([...now.keys()]);
      const changeable = changeableSeats(before.length);
      const cameIn = now.filter((node) => !before.includes(node)).length;
      const left = before.filter((node) => !now.includes(node)).length;
      expect(Math.max(cameIn, left)).toBeLessThanOrEqual(changeable);
      sitting = committee.seats;
      changes += cameIn + left;
    }
    for (const { block } of network.blocks) {
      const { epoch, height, nextCommitteeHash } = block.header;
      const handedOver = network.handOvers.find(({ header }) => header.epoch === epoch)?.header;
      if (nextCommitteeHash && handedOver)
        expect(nextCommitteeHash).toBe(handedOver.nextCommitteeHash);
      if (handedOver) expect(height).toBeLessThanOrEqual(handedOver.height);
    }
  });

  test("every change of contribution has its why, where nothing decays", () => {
    if (network.genesis.policy.contributionKept !== ONE) return;
    const start = new TestNetwork({ members: network.members.length });
    for (const { nodeId } of network.state.contributions()) {
      const amount = ({ settled, fresh }: Contribution) => settled + fresh;
      const was = start.state.get("contribution", nodeId);
      const standing = was ? BigInt(network.genesis.members[0]?.standing ?? 0) * BigInt(ONE) : 0n;
      const said = network.whys.filter(
        ({ of, account }) => of === "contribution" && account === nodeId,
      );
      const explained = said.reduce((sum, { delta }) => sum + delta, standing);
      expect(amount(contributionOf(network.state, nodeId))).toBe(explained);
      contributed += said.length;
    }
  });

  test("every change of points has its why", () => {
    const explained = new Map<string, bigint>();
    for (const { account, of, delta } of network.whys)
      explained.set(`${account} ${of}`, (explained.get(`${account} ${of}`) ?? 0n) + delta);
    const start = new TestNetwork({ members: network.members.length });
    for (const account of network.state.all("account"))
      for (const purse of ["points", "bonded", "vesting"] as const) {
        const was = start.state.account(account.nodeId)?.[purse] ?? 0n;
        expect(account[purse] - was).toBe(explained.get(`${account.nodeId} ${purse}`) ?? 0n);
      }
  });
});

/** Whoever has an open order, or has appealed, is known, and knows how many; so he is not forgotten. */
function expectOpenOrders(state: State): void {
  const open = new Map<string, number>();
  for (const { requester, appeal, phase } of state.all("task")) {
    const payer = appeal?.by ?? requester;
    if (phase !== "done") open.set(payer, (open.get(payer) ?? 0) + 1);
  }
  for (const { nodeId, openOrders } of state.all("account")) {
    expect(openOrders).toBe(open.get(nodeId) ?? 0);
    open.delete(nodeId);
  }
  expect([...open.keys()]).toEqual([]);
}

test("the histories go every way that a task can end", () => {
  expect([...ways].sort()).toEqual(["accepted", "disputed", "inconclusive", "revoked", "verified"]);
});

test("the histories bring tasks before panels, which judge them", () => {
  expect(judgedByPanels).toBeGreaterThan(0);
});

test("the histories change committees and leave contributions", () => {
  expect(changes).toBeGreaterThan(0);
  expect(contributed).toBeGreaterThan(0);
});

test("the histories hold every kind of transaction", () => {
  const expected = [
    ...["accept", "attest", "cancel", "commit", "decline", "leave", "prove", "register", "renew"],
    ...["revoke-key", "revoke-voucher", "rotate", "show", "submit"],
    ...["delegate", "fault", "govern", "part", "appeal"],
  ];
  expect(expected.filter((kind) => !kinds.has(kind))).toEqual([]);
});

test("the invariant can fail: a state with a point too many is not conserved", () => {
  const network = new TestNetwork({ members: 4 });
  const account = network.state.account(network.requester.nodeId);
  if (!account) throw new Error("no account");
  const minted = network.state.with("account", {
    ...account,
    points: (account.points + 1n) as typeof account.points,
  });
  expect(() => assertConserved(minted)).toThrow(/is not/);
  expect(pointsOf(network.state).total).toBe(1_040_000n);
  new Actors(network).order();
  const { head } = network.state;
  const unescrowed = network.state.with("head", { ...head, escrowed: 0n as typeof head.escrowed });
  expect(() => assertConserved(unescrowed)).toThrow(/escrowed/);
});
