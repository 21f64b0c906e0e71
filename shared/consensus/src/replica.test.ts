import { describe, expect, test } from "vitest";
import {
  Bench,
  BLOCK,
  ballot,
  blockAt,
  casts,
  certificate,
  F0,
  HEIGHT,
  hashOf,
  leaderAt,
  MEMBERS,
  only,
  proposal,
  sent,
  sentKinds,
  vote,
} from "./testing.ts";

const status = (height: number, certified = -1, view = certified + 1) =>
  ({ kind: "status", height, view, certified }) as const;

function idle(): Bench {
  const bench = new Bench(2);
  bench.hasDemand = false;
  bench.start();
  return bench;
}

describe("an idle network", () => {
  test("sends a slow Status and nothing else", () => {
    const bench = idle();
    const ticks = Array.from({ length: 60 }, () => sentKinds(bench.tick()));
    const busy = ticks.flatMap((kinds, tick) => (kinds.length > 0 ? [tick + 1] : []));
    expect(busy).toEqual([20, 40, 60]);
    expect(ticks.flat().every((kind) => kind === "status")).toBe(true);
  });

  test("is not woken by a transaction that cannot be executed", () => {
    const bench = idle();
    expect(bench.feed({ kind: "demand", now: bench.now })).toEqual([]);
    expect(sentKinds(bench.tick())).toEqual([]);
  });

  test("is stirred by a liar's N to one X, and then repeats it at the pace of its Status", () => {
    const bench = idle();
    const bogus = vote(0, ballot("N", 0, hashOf(blockAt(0, 5))));
    bench.receive({ kind: "vote", vote: bogus }, 0);
    expect(casts(bench.timeout(0))).toEqual(["X(0)"]);
    const ticks = Array.from({ length: 40 }, () => sentKinds(bench.tick()));
    expect(ticks.filter((kinds) => kinds.length > 0)).toEqual([
      ["status", "vote"],
      ["status", "vote"],
    ]);
  });

  test("is woken by a decision of a later height", () => {
    const bench = idle();
    const later = { ...F0, ballot: { ...F0.ballot, height: HEIGHT + 3 } };
    const effects = bench.receive({ kind: "certificate", certificate: later });
    expect(only(effects, "setTimer")).toHaveLength(1);
    expect(sentKinds(bench.secondTick())).toContain("status");
  });
});

describe("rule 10: repair, at each tick while there is demand", () => {
  test("my N and X of the view and all my F are sent again, with my Status", () => {
    const bench = new Bench(2);
    bench.start();
    bench.receive(proposal(BLOCK), 3);
    bench.receive({ kind: "certificate", certificate: certificate(ballot("N", 0, hashOf(BLOCK))) });
    bench.timeout(1);
    const votes = sent(bench.secondTick()).map((message) =>
      message.kind === "vote"
        ? `${message.vote.ballot.kind}(${message.vote.ballot.view})`
        : message,
    );
    expect(votes).toEqual([{ ...status(HEIGHT, 0), view: 1 }, "X(1)", "F(0)"]);
  });

  test("nothing is sent again at the first tick after progress", () => {
    const bench = new Bench(2);
    bench.start();
    bench.receive(proposal(BLOCK), 3);
    expect(sentKinds(bench.tick())).toEqual([]);
    expect(sentKinds(bench.tick())).toEqual(["status", "vote"]);
    bench.receive({ kind: "certificate", certificate: certificate(ballot("X", 0)) });
    expect(sentKinds(bench.tick())).toEqual([]);
  });

  test("my proposal, which is large, is sent again at longer and longer pauses; my votes are not", () => {
    const bench = new Bench(leaderAt(0));
    bench.start();
    const [, ...idle] = Array.from({ length: 20 }, () => sentKinds(bench.tick()));
    expect(idle.every((kinds) => kinds.join() === "status")).toBe(true);
    // However late it is proposed.
    bench.next = BLOCK;
    expect(sentKinds(bench.tick())).toEqual(["status", "proposal"]);
    const kinds = Array.from({ length: 50 }, () => sentKinds(bench.tick()));
    const again = kinds.flatMap((sent, i) => (sent.includes("proposal") ? [i + 1] : []));
    expect(again).toEqual([1, 2, 4, 8, 16, 32, 48]);
    expect(kinds.every((sent) => sent.includes("status"))).toBe(true);
    bench.timeout(0);
    const votes = Array.from({ length: 5 }, () => sentKinds(bench.tick()));
    expect(votes.every((sent) => sent.includes("vote"))).toBe(true);
  });

  test("a missing block is asked of another signer each time", () => {
    const bench = new Bench(2);
    bench.start();
    bench.receive({ kind: "certificate", certificate: certificate(ballot("N", 0, hashOf(BLOCK))) });
    bench.tick();
    const asked = [1, 2, 3, 4].flatMap(() =>
      only(bench.tick(), "send").map(({ to, message }) => `${message.kind} to ${to}`),
    );
    expect(new Set(asked)).toEqual(new Set(["block-request to ann", "block-request to bob"]));
  });

  test("pending transactions are shared", () => {
    const bench = new Bench(2);
    bench.start();
    expect(only(bench.tick(), "shareTransactions")).toHaveLength(1);
    expect(only(idle().tick(), "shareTransactions")).toHaveLength(0);
  });

  test("a Status is answered by the certificates that it lacks", () => {
    const bench = new Bench(2);
    bench.start();
    const X = [0, 1, 2].map((view) => certificate(ballot("X", view)));
    for (const each of X) bench.receive({ kind: "certificate", certificate: each });
    const answer = only(bench.receive(status(HEIGHT, 0), 1), "send");
    expect(answer).toEqual(
      X.slice(1).map((each) => ({
        kind: "send",
        to: MEMBERS[1],
        message: { kind: "certificate", certificate: each },
      })),
    );
    expect(bench.receive(status(HEIGHT, 2), 1)).toEqual([]);
  });

  test("a Status of an earlier height is answered by its decision; a late vote is not", () => {
    const bench = new Bench(2);
    bench.start();
    expect(bench.receive(status(HEIGHT - 3), 1)).toEqual([
      { kind: "sendFinalized", to: MEMBERS[1], height: HEIGHT - 3 },
      { kind: "send", to: MEMBERS[1], message: status(HEIGHT) },
    ]);
    const late = vote(1, { ...ballot("F", 0, hashOf(BLOCK)), height: HEIGHT - 1 });
    expect(bench.receive({ kind: "vote", vote: late }, 1)).toEqual([]);
  });

  test("a block is handed to whoever asks, and only a certain number of answers a tick", () => {
    const bench = new Bench(2);
    bench.start();
    bench.receive(proposal(BLOCK), 3);
    const request = { kind: "block-request", height: HEIGHT, blockHash: hashOf(BLOCK) } as const;
    const answers = Array.from({ length: 100 }, () => sentKinds(bench.receive(request, 1))).flat();
    expect(answers).toEqual(Array.from({ length: 16 }, () => "block"));
    expect(sentKinds(bench.receive(request, 0))).toEqual(["block"]);
    bench.tick();
    expect(sentKinds(bench.receive(request, 1))).toEqual(["block"]);
  });
});

describe("from height to height", () => {
  const nextVote = (seat: number) =>
    ({ kind: "vote", vote: vote(seat, { ...ballot("X", 0), height: HEIGHT + 1 }) }) as const;

  test("votes of the next height are kept until it begins", () => {
    const bench = new Bench(2);
    bench.start();
    for (const seat of [0, 1, 3]) bench.receive(nextVote(seat), seat);
    bench.start([], HEIGHT + 1);
    expect(bench.replica.position).toEqual({ height: HEIGHT + 1, view: 1 });
  });

  test("a decided height takes no more votes and sends none", () => {
    const bench = new Bench(2);
    bench.start();
    bench.receive({ kind: "finalized", block: BLOCK, certificate: F0 });
    expect(casts(bench.receive(proposal(BLOCK), 3))).toEqual([]);
    expect(casts(bench.timeout(0))).toEqual([]);
    expect(sentKinds(bench.tick())).toEqual([]);
  });

  test("one member that claims to be ahead changes nothing; two of four do", () => {
    const bench = new Bench(2);
    bench.start();
    bench.receive(status(HEIGHT + 5), 0);
    expect(only(bench.secondTick(), "broadcast").length).toBeGreaterThan(0);
    bench.receive(status(HEIGHT + 5), 1);
    const effects = bench.tick();
    expect(only(effects, "broadcast")).toEqual([]);
    expect(only(effects, "send").map(({ message }) => message)).toEqual([status(HEIGHT)]);
  });

  test("who catches up asks for the next height at once, one peer only", () => {
    const bench = new Bench(2);
    bench.start();
    for (const seat of [0, 1]) bench.receive(status(HEIGHT + 5), seat);
    bench.receive({ kind: "finalized", block: BLOCK, certificate: F0 });
    expect(only(bench.start([], HEIGHT + 1), "send").map(({ message }) => message)).toEqual([
      status(HEIGHT + 1),
    ]);
  });

  test("who is behind and stays where it is asks the other members in turn, whatever they claim", () => {
    const bench = new Bench(2);
    bench.start();
    const later = { ...ballot("F", 0, hashOf(BLOCK)), height: HEIGHT + 2 };
    bench.receive({ kind: "certificate", certificate: certificate(later) }, 1);
    const asked = new Set<string>();
    for (let i = 0; i < 8; i++) for (const { to } of only(bench.tick(), "send")) asked.add(to);
    expect([...asked].sort()).toEqual(MEMBERS.filter((_, seat) => seat !== 2));
  });

  test("who has been told a decision asks its teller for the next one", () => {
    const bench = idle();
    bench.receive({ kind: "finalized", block: BLOCK, certificate: F0 }, 1);
    bench.receive(status(HEIGHT + 5), 1);
    const asked = only(bench.start([], HEIGHT + 1), "send");
    expect(asked).toEqual([{ kind: "send", to: MEMBERS[1], message: status(HEIGHT + 1) }]);
  });

  test("two idle nodes at different heights do not ask each other for ever", () => {
    const bench = idle();
    expect(sentKinds(bench.receive(status(HEIGHT + 5), 1))).toEqual(["status"]);
    expect(sentKinds(bench.receive(status(HEIGHT + 5), 1))).toEqual([]);
  });

  test("timers of an earlier height or view are ignored", () => {
    const bench = new Bench(2);
    bench.start();
    bench.start([], HEIGHT + 1);
    expect(bench.timeout(0)).toEqual([]);
    expect(bench.fire({ kind: "grace", height: HEIGHT, view: 0 })).toEqual([]);
  });

  test("exactly one tick is under way", () => {
    const bench = new Bench(2);
    const ticks = [bench.start(), bench.tick(), bench.start([], HEIGHT + 1), bench.tick()].map(
      (effects) => only(effects, "setTimer").filter(({ timer }) => timer.kind === "tick").length,
    );
    expect(ticks).toEqual([1, 1, 0, 1]);
  });

  test("before its first start a replica does nothing", () => {
    expect(new Bench(2).receive(proposal(BLOCK))).toEqual([]);
  });
});
