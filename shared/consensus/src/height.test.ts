import { describe, expect, test } from "vitest";
import {
  Bench,
  BLOCK,
  ballot,
  blockAt,
  casts,
  HASH,
  HEIGHT,
  leaderAt,
  N0,
  NOW,
  only,
  proposal,
  sent,
  vote,
  voter,
  withCertificate,
  withVote,
  X0,
} from "./testing.ts";

describe("bounds and evidence", () => {
  test("votes too far ahead are dropped", () => {
    const bench = voter();
    for (const seat of [0, 1, 3]) bench.receive(withVote(seat, ballot("X", 65)));
    expect(bench.replica.position?.view).toBe(0);
    for (const seat of [0, 1, 3]) bench.receive(withVote(seat, ballot("X", 64)));
    expect(bench.replica.position?.view).toBe(65);
  });

  test("votes of another epoch are dropped", () => {
    const bench = voter();
    for (const seat of [0, 1, 3]) bench.receive(withVote(seat, { ...ballot("X", 0), epoch: 1 }));
    expect(bench.replica.position?.view).toBe(0);
  });

  test("a seat that votes twice is reported once, from votes and from certificates", () => {
    const bench = voter();
    bench.receive(withVote(0, ballot("F", 0, HASH)));
    const effects = bench.receive(withCertificate(X0));
    expect(only(effects, "evidence").map(({ evidence }) => evidence.seat)).toEqual([0]);
    expect(only(bench.receive(withVote(0, ballot("X", 0))), "evidence")).toEqual([]);
  });
});

describe("durability: after a restart", () => {
  function restarted(bench: Bench): { bench: Bench; effects: ReturnType<Bench["start"]> } {
    const again = new Bench(bench.seat);
    again.next = bench.next;
    return { bench: again, effects: again.start(bench.log) };
  }

  test("a voter is where it was, signs nothing else, and sends again what it signed", () => {
    const before = voter();
    before.receive(proposal(BLOCK), 3);
    before.timeout(0);
    const { bench, effects } = restarted(before);
    expect(casts(effects)).toEqual([]);
    expect(casts(bench.timeout(0))).toEqual([]);
    expect(casts(bench.receive(proposal(blockAt(0, NOW + 1)), 3))).toEqual([]);
    expect(casts(bench.receive(withCertificate(N0)))).toEqual([]);
    const kinds = sent(restarted(before).bench.secondTick()).map((message) =>
      message.kind === "vote" ? message.vote.ballot.kind : message.kind,
    );
    expect(kinds).toEqual(["status", "N", "X"]);
  });

  test("F is not forgotten: no X in that view", () => {
    const before = voter();
    before.receive(proposal(BLOCK), 3);
    before.receive(withCertificate(N0));
    const { bench } = restarted(before);
    expect(bench.replica.position?.view).toBe(1);
    expect(casts(bench.timeout(0))).toEqual([]);
    expect(
      sent(bench.secondTick()).flatMap((m) => (m.kind === "vote" ? [m.vote.ballot.kind] : [])),
    ).toEqual(["F"]);
  });

  test("a leader sends the same proposal again and makes no other", () => {
    const before = new Bench(leaderAt(0));
    before.next = BLOCK;
    before.start();
    before.next = blockAt(0, NOW + 50);
    const { bench, effects } = restarted(before);
    expect(casts(effects)).toEqual([]);
    expect(sent(bench.secondTick())).toContainEqual(proposal(BLOCK));
  });

  test("a notarized block that was logged is finalized", () => {
    const records = [
      {
        kind: "vote",
        vote: vote(2, ballot("N", 0, HASH)),
        block: BLOCK,
        justification: null,
      },
      { kind: "certificate", certificate: N0 },
    ] as const;
    expect(casts(new Bench(2).start(records))).toEqual(["F(0)"]);
  });

  test("records of another height or seat are the driver's mistake", () => {
    const record = (seat: number, height: number) =>
      ({
        kind: "vote",
        vote: vote(seat, { ...ballot("X", 0), height }),
        block: null,
        justification: null,
      }) as const;
    expect(() => new Bench(2).start([record(2, HEIGHT - 1)])).toThrow("this height");
    expect(() => new Bench(2).start([record(1, HEIGHT)])).toThrow("this seat");
  });
});
