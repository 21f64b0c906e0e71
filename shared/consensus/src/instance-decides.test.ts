import { describe, expect, test } from "vitest";
import {
  Bench,
  BLOCK,
  ballot,
  blockAt,
  casts,
  certificate,
  F0,
  HASH,
  HEIGHT,
  hashOf,
  leaderAt,
  N0,
  NOW,
  only,
  proposal,
  sent,
  voter,
  withCertificate,
  withVote,
  X0,
} from "./testing.ts";

describe("rules 5, 6 and 7: certificates and timeouts", () => {
  test("an N-certificate is logged, finalized and left behind", () => {
    const bench = voter();
    bench.receive(proposal(BLOCK), 3);
    const effects = bench.receive(withVote(0, ballot("N", 0, HASH)));
    const kinds = effects.map(({ kind }) => kind);
    expect(kinds.indexOf("persist")).toBeLessThan(kinds.indexOf("cast"));
    expect(casts(effects)).toEqual(["F(0)"]);
    expect(bench.replica.position).toEqual({ height: HEIGHT, view: 1 });
  });

  test("F on an earlier view follows when its block comes", () => {
    const bench = voter();
    expect(casts(bench.receive(withCertificate(N0)))).toEqual([]);
    bench.receive(withCertificate(certificate(ballot("X", 1))));
    expect(casts(bench.receive({ kind: "block", block: BLOCK }))).toEqual(["F(0)"]);
  });

  test("never F after X in one view", () => {
    const bench = voter();
    bench.receive(proposal(BLOCK), 3);
    expect(casts(bench.timeout(0))).toEqual(["X(0)"]);
    expect(casts(bench.receive(withCertificate(N0)))).toEqual([]);
    expect(bench.replica.position?.view).toBe(1);
  });

  test("never X after F in one view", () => {
    const bench = voter();
    bench.receive(proposal(BLOCK), 3);
    expect(casts(bench.receive(withCertificate(N0)))).toEqual(["F(0)"]);
    expect(casts(bench.timeout(0))).toEqual([]);
    expect(casts(bench.timeout(1))).toEqual(["X(1)"]);
  });

  test("an X-certificate leads to the next view, and X is sent once a view", () => {
    const bench = voter();
    bench.timeout(0);
    expect(casts(bench.timeout(0))).toEqual([]);
    bench.receive(withVote(0, ballot("X", 0)));
    bench.receive(withVote(1, ballot("X", 0)));
    expect(bench.replica.position?.view).toBe(1);
  });

  test("a block that nobody asked for is not even hashed, nor is a proposal that comes again", () => {
    const bench = voter();
    bench.receive({ kind: "block", block: BLOCK });
    expect(bench.hashes).toBe(0);
    bench.receive(proposal(BLOCK), 3);
    bench.receive(proposal(BLOCK), 3);
    expect(bench.hashes).toBe(1);
    expect(casts(bench.receive(withCertificate(N0)))).toEqual(["F(0)"]);
  });
});

describe("rule 8: a decision", () => {
  test("is committed once, with its block", () => {
    const bench = voter();
    bench.receive(proposal(BLOCK), 3);
    const effects = bench.receive(withCertificate(F0));
    expect(only(effects, "commit")).toEqual([{ kind: "commit", block: BLOCK, certificate: F0 }]);
    expect(bench.receive(withCertificate(F0))).toEqual([]);
  });

  test("waits for its block, which is asked for", () => {
    const bench = voter();
    const effects = bench.receive(withCertificate(F0));
    expect(only(effects, "commit")).toEqual([]);
    expect(sent(effects)[0]?.kind).toBe("block-request");
    expect(only(bench.receive({ kind: "block", block: BLOCK }), "commit")).toHaveLength(1);
  });

  test("comes whole from a node that has it", () => {
    const message = { kind: "finalized", block: BLOCK, certificate: F0 } as const;
    expect(only(voter().receive(message), "commit")).toHaveLength(1);
    const other = { ...message, block: blockAt(0, NOW + 9) };
    expect(only(voter().receive(other), "commit")).toEqual([]);
    expect(only(voter().receive({ ...message, certificate: N0 }), "commit")).toEqual([]);
  });

  test("on another parent than mine is a fork, and never committed", () => {
    const block = { ...BLOCK, header: { ...BLOCK.header, parent: HASH } };
    const decided = certificate(ballot("F", 0, hashOf(block)));
    const effects = voter().receive({ kind: "finalized", block, certificate: decided });
    expect(effects.map(({ kind }) => kind)).toEqual(["fork"]);
  });
});

describe("rule 9: timeouts", () => {
  const timeouts = (bench: Bench, views: number) =>
    Array.from({ length: views }, (_, view) => {
      const effects = bench.receive(withCertificate(certificate(ballot("X", view))));
      return only(effects, "setTimer")[0]?.delayMs;
    });

  test("grow by half of T0 a view, without end", () => {
    const bench = new Bench(2);
    const first = only(bench.start(), "setTimer").find(({ timer }) => timer.kind === "timeout");
    expect(first?.delayMs).toBe(1_000);
    expect(timeouts(bench, 3)).toEqual([1_500, 2_000, 2_500]);
    for (let view = 3; view < 59; view++)
      bench.receive(withCertificate(certificate(ballot("X", view))));
    expect(timeouts(bench, 60).at(-1)).toBe(31_000);
  });

  test("are longer by the grace in a view that was entered by a notarization", () => {
    const bench = voter();
    bench.receive(proposal(BLOCK), 3);
    const effects = bench.receive(withCertificate(N0));
    expect(only(effects, "setTimer").map(({ delayMs }) => delayMs)).toEqual([1_700]);
  });

  test("a leader that entered by a nullification waits for nothing", () => {
    const bench = new Bench(leaderAt(1));
    bench.start();
    bench.receive(proposal(BLOCK), 3);
    bench.next = blockAt(1);
    expect(casts(bench.receive(withCertificate(X0)))).toEqual(["N(1)"]);
  });
});
