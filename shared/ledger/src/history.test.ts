import { describe, expect, test } from "vitest";
import { assertConserved, pointsOf } from "./conservation.ts";
import { State } from "./state.ts";
import { Actors, History, TestNetwork } from "./testing/index.ts";

/** Chosen at random once; a failure names its seed. */
const seeds = Array.from({ length: 8 }, (_, i) => `history ${i}`);

const ways = new Set<string>();
const kinds = new Set<string>();

describe.each(seeds)("in %s", (seed) => {
  const history = new History(seed);
  const { network } = history;

  // `TestNetwork.step` checks each block as a stranger would and asserts conservation; both throw.
  test("every block is valid, no point is made or lost, and no restart changes the state", () => {
    let blocks = 0;
    history.run(30, ({ state }) => {
      for (const { conclusion } of state.all("task")) if (conclusion) ways.add(conclusion.outcome);
      if (++blocks % 10 === 0) expect(State.fromLeaves(state.leaves()).root()).toBe(state.root());
    });
  });

  test("every task ends, and nobody stays bound to one", () => {
    history.end();
    for (const { block } of network.blocks)
      for (const { unsigned } of block.transactions) kinds.add(unsigned.body.kind);
    expect(network.state.head.escrowed).toBe(0n);
    for (const node of network.state.nodes()) expect(node.assigned).toBe(0);
    for (const account of network.state.all("account")) expect(account.bonded).toBe(0n);
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

test("the histories go every way that a task can end", () => {
  expect([...ways].sort()).toEqual(["accepted", "disputed", "inconclusive", "revoked", "verified"]);
});

test("the histories hold every kind of transaction that identities and tasks know", () => {
  const expected = [
    ...["accept", "attest", "cancel", "commit", "decline", "leave", "prove", "register", "renew"],
    ...["revoke-key", "revoke-voucher", "rotate", "show", "submit"],
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
