import { describe, expect, test } from "vitest";
import {
  Bench,
  BLOCK,
  ballot,
  blockAt,
  casts,
  certificate,
  HASH,
  HEIGHT,
  leaderAt,
  MEMBERS,
  N0,
  NEW_BLOCK,
  NOW,
  only,
  PARENT,
  proposal,
  sent,
  vote,
  voter,
  withCertificate,
  withVote,
  X0,
} from "./testing.ts";

describe("rule 1 and 2: the leader proposes, and only when there is demand", () => {
  test("the leader of view 0 proposes its block, signed and logged before it is sent", () => {
    const bench = new Bench(leaderAt(0));
    bench.next = BLOCK;
    const effects = bench.start();
    expect(casts(effects)).toEqual(["N(0)"]);
    expect(only(effects, "cast")[0]).toMatchObject({ block: BLOCK, justification: NEW_BLOCK });
    expect(sent(effects)).toEqual([proposal(BLOCK)]);
    expect(effects.findIndex(({ kind }) => kind === "cast")).toBeLessThan(
      effects.findIndex(({ kind }) => kind === "broadcast"),
    );
  });

  test("no other node does", () => {
    const bench = new Bench(0);
    bench.next = BLOCK;
    expect(casts(bench.start())).toEqual([]);
  });

  test("nothing starts without demand: no proposal, no timeout", () => {
    const bench = new Bench(leaderAt(0));
    bench.next = BLOCK;
    bench.hasDemand = false;
    expect(bench.start().map(({ kind }) => kind)).toEqual(["setTimer"]);
    expect(bench.feed({ kind: "demand", now: NOW })).toEqual([]);
    bench.hasDemand = true;
    expect(casts(bench.feed({ kind: "demand", now: NOW }))).toEqual(["N(0)"]);
  });

  test("one N, or X by more than a third, is demand; X by fewer is not", () => {
    const bench = new Bench(2);
    bench.hasDemand = false;
    bench.start();
    expect(bench.receive(withVote(0, ballot("X", 0)))).toEqual([]);
    expect(only(bench.receive(withVote(1, ballot("X", 0))), "setTimer")).toHaveLength(1);
    const other = new Bench(2);
    other.hasDemand = false;
    other.start();
    expect(only(other.receive(withVote(0, ballot("N", 0, HASH))), "setTimer")).toHaveLength(1);
  });

  test("a timeout that comes when demand is gone sends nothing", () => {
    const bench = voter();
    bench.hasDemand = false;
    bench.feed({ kind: "demand", now: NOW });
    expect(bench.timeout(0)).toEqual([]);
  });
});

describe("rule 3: what a leader proposes in a later view", () => {
  const leader = () => {
    const bench = new Bench(leaderAt(1));
    bench.next = blockAt(1);
    bench.start();
    return bench;
  };

  test("a new block, when all views below are nullified", () => {
    const effects = leader().receive(withCertificate(X0));
    expect(sent(effects)).toEqual([proposal(blockAt(1), 1, { notarized: null, nullified: [X0] })]);
  });

  test("the notarized block, unchanged, after the grace", () => {
    const bench = leader();
    bench.receive(proposal(BLOCK), 3);
    const entered = bench.receive(withCertificate(N0));
    expect(casts(entered)).toEqual(["F(0)"]);
    expect(only(entered, "setTimer").map(({ timer }) => timer.kind)).toEqual(["timeout", "grace"]);
    const effects = bench.fire({ kind: "grace", height: HEIGHT, view: 1 });
    expect(sent(effects)).toEqual([proposal(BLOCK, 1, { notarized: N0, nullified: [] })]);
  });

  test("not even a notarized block, if it does not execute here", () => {
    const bench = leader();
    bench.isValid = () => false;
    bench.receive(proposal(BLOCK), 3);
    bench.receive(withCertificate(N0));
    expect(casts(bench.fire({ kind: "grace", height: HEIGHT, view: 1 }))).toEqual([]);
  });

  test("nothing while it lacks the notarized block, and that block once it came", () => {
    const bench = leader();
    expect(sent(bench.receive(withCertificate(N0)))).toEqual([
      { kind: "block-request", height: HEIGHT, blockHash: HASH },
    ]);
    expect(casts(bench.fire({ kind: "grace", height: HEIGHT, view: 1 }))).toEqual([]);
    expect(casts(bench.receive({ kind: "block", block: BLOCK }))).toEqual(["F(0)", "N(1)"]);
  });

  test("nothing over a gap, and its block as soon as the gap is closed", () => {
    const bench = new Bench(leaderAt(2));
    bench.next = blockAt(2);
    bench.start();
    expect(casts(bench.receive(withCertificate(certificate(ballot("X", 1)))))).toEqual([]);
    expect(casts(bench.receive(withCertificate(X0)))).toEqual(["N(2)"]);
  });
});

describe("rule 4: a voter notarizes", () => {
  test("the leader's block, once it is executed", () => {
    const bench = voter();
    const effects = bench.receive(proposal(BLOCK), 3);
    expect(casts(effects)).toEqual(["N(0)"]);
    expect(only(effects, "cast")[0]?.block).toEqual(BLOCK);
    expect(sent(effects)).toEqual([withVote(2, ballot("N", 0, HASH))]);
  });

  test("only the first proposal of a view", () => {
    const bench = voter();
    bench.receive(proposal(BLOCK), 3);
    expect(casts(bench.receive(proposal(blockAt(0, NOW + 1)), 3))).toEqual([]);
  });

  test("nothing after X", () => {
    const bench = voter();
    expect(casts(bench.timeout(0))).toEqual(["X(0)"]);
    expect(casts(bench.receive(proposal(BLOCK), 3))).toEqual([]);
  });

  test("no block that does not execute, which is tried once", () => {
    const bench = voter();
    let executions = 0;
    bench.isValid = () => {
      executions++;
      return false;
    };
    for (let i = 0; i < 100; i++) expect(casts(bench.receive(proposal(BLOCK), 3))).toEqual([]);
    expect(executions).toBe(1);
  });

  test("no block under a foreign hash, on another parent, of another view or another maker", () => {
    const { header } = BLOCK;
    const other = (change: Partial<typeof header>) => ({
      ...BLOCK,
      header: { ...header, ...change },
    });
    const wrong = [
      { ...proposal(BLOCK), block: blockAt(0, NOW + 5) },
      proposal(other({ parent: HASH })),
      proposal(other({ view: 1 }), 0),
      proposal(other({ proposer: MEMBERS[0] as (typeof MEMBERS)[number] }), 0),
      { ...proposal(BLOCK), vote: vote(0, ballot("N", 0, HASH)) },
    ];
    for (const message of wrong) expect(casts(voter().receive(message, 3))).toEqual([]);
  });

  test.each([
    ["at its parent's time", PARENT.time, false],
    ["a little after its parent", PARENT.time + 1, true],
    ["ahead by skew and timeout", NOW + 3_000, true],
    ["ahead by more", NOW + 3_001, false],
  ])("a new block %s: %s is %s", (_, time, isAccepted) => {
    expect(casts(voter().receive(proposal(blockAt(0, time)), 3))).toEqual(
      isAccepted ? ["N(0)"] : [],
    );
  });

  test("a block again, whatever the clock says by now", () => {
    const bench = voter();
    bench.now = NOW + 3_600_000;
    const again = proposal(BLOCK, 1, { notarized: N0, nullified: [] });
    expect(casts(bench.receive(again, 0))).toEqual(["F(0)", "N(1)"]);
  });

  test("a proposal of a later view, to which its certificates bring the voter", () => {
    const bench = voter();
    const later = proposal(blockAt(1), 1, { notarized: null, nullified: [X0] });
    expect(casts(bench.receive(later, 0))).toEqual(["N(1)"]);
  });

  test("no proposal whose certificates leave a gap, until the gap is closed", () => {
    const bench = voter();
    const X1 = certificate(ballot("X", 1));
    const later = proposal(blockAt(2), 2, { notarized: null, nullified: [X1] });
    expect(casts(bench.receive(later, 1))).toEqual([]);
    expect(casts(bench.receive(withCertificate(X0)))).toEqual(["N(2)"]);
  });

  test("nothing at all without a seat", () => {
    const bench = new Bench(null);
    bench.start();
    expect(casts(bench.receive(proposal(BLOCK), 3))).toEqual([]);
    expect(casts(bench.timeout(0))).toEqual([]);
  });
});
