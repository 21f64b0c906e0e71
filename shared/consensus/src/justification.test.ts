import type { BlockHash } from "@meshwork/foundation";
import type { Certificate } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import {
  CARRIED_NULLIFICATIONS,
  type Certificates,
  certificatesAbove,
  certifiedUpTo,
  isJustified,
  justify,
} from "./justification.ts";
import { ballot, blockAt, certificate, hashOf, proposal } from "./testing.ts";

const OLD = blockAt(0);
const OTHER = blockAt(0, 1_000_001);

/** "N" and "X" by view, from view 0 on: "X", "N", "NX" or "" for neither. */
function held(...views: readonly string[]): Certificates {
  return {
    of(kind, view): Certificate | null {
      if (!views[view]?.includes(kind)) return null;
      return certificate(ballot(kind, view, kind === "N" ? hashOf(OLD) : null));
    },
  };
}
const always = () => true;
const never = () => false;
const N = (view: number, hash: BlockHash = hashOf(OLD)) => certificate(ballot("N", view, hash));
const X = (view: number) => certificate(ballot("X", view));

describe("a leader justifies its proposal", () => {
  test("in view 0 by nothing", () => {
    expect(justify(0, held(), always)).toEqual({ notarized: null, nullified: [] });
  });

  test("by the highest notarized view and the nullified views above it", () => {
    expect(justify(4, held("N", "N", "X", "X"), always)).toEqual({
      notarized: N(1),
      nullified: [X(3), X(2)],
    });
  });

  test("by nullified views down to the bottom", () => {
    expect(justify(2, held("X", "X"), always)).toEqual({
      notarized: null,
      nullified: [X(1), X(0)],
    });
  });

  test("never over a gap", () => {
    expect(justify(3, held("X", "", "X"), always)).toBeNull();
    expect(justify(1, held(), always)).toBeNull();
  });

  test("by the notarization where a view has both certificates", () => {
    expect(justify(1, held("NX"), always)?.notarized).toEqual(N(0));
  });

  test("past a notarized block that it lacks, if that view is nullified too", () => {
    expect(justify(1, held("NX"), never)).toEqual({ notarized: null, nullified: [X(0)] });
    expect(justify(1, held("N"), never)?.notarized).toEqual(N(0));
  });

  test("with as many certificates as a message takes", () => {
    const views = Array.from({ length: 200 }, () => "X");
    const nullified = justify(200, held(...views), always)?.nullified;
    expect(nullified).toHaveLength(CARRIED_NULLIFICATIONS);
    expect(nullified?.[0]).toEqual(X(199));
  });
});

describe("a voter accepts", () => {
  const again = (view: number, below: number) =>
    proposal(OLD, view, { notarized: N(below), nullified: [] });

  test("a new block in view 0, and above nullified views only", () => {
    expect(isJustified(proposal(blockAt(0)), held())).toBe(true);
    expect(isJustified(proposal(blockAt(2)), held("X", "X"))).toBe(true);
    expect(isJustified(proposal(blockAt(2)), held("", "X"))).toBe(false);
    expect(isJustified(proposal(blockAt(2)), held("X", ""))).toBe(false);
    expect(isJustified(proposal(blockAt(1)), held("N"))).toBe(false);
  });

  test("a notarized block again, with every view between nullified", () => {
    expect(isJustified(again(1, 0), held("N"))).toBe(true);
    expect(isJustified(again(3, 0), held("N", "X", "X"))).toBe(true);
    expect(isJustified(again(3, 0), held("N", "", "X"))).toBe(false);
    expect(isJustified(again(3, 0), held("N", "X", "N"))).toBe(false);
  });

  test("no other block in its place", () => {
    const swapped = proposal(OTHER, 1, { notarized: N(0), nullified: [] });
    expect(isJustified(swapped, held("N"))).toBe(false);
  });

  test("no reason from its own view or above", () => {
    expect(isJustified(again(1, 1), held("X", "N"))).toBe(false);
    expect(isJustified(again(1, 2), held("X", "X", "N"))).toBe(false);
  });

  test("a proposal that carries less than all, if the rest is held", () => {
    const views = Array.from({ length: 200 }, () => "X");
    const justification = justify(200, held(...views), always);
    if (justification === null) throw new Error("justified by construction");
    expect(isJustified(proposal(blockAt(200), 200, justification), held(...views))).toBe(true);
    views[3] = "";
    expect(isJustified(proposal(blockAt(200), 200, justification), held(...views))).toBe(false);
  });
});

describe("repair", () => {
  test("a Status tells the highest view above which a proposal could be justified", () => {
    expect(certifiedUpTo(0, held())).toBe(-1);
    expect(certifiedUpTo(3, held("X", "X", "X"))).toBe(2);
    expect(certifiedUpTo(3, held("", "N", "X"))).toBe(2);
    expect(certifiedUpTo(5, held("X", "X", "", "X", "X"))).toBe(1);
    expect(certifiedUpTo(5, held("", "", "", "", "X"))).toBe(-1);
  });

  test("a peer gets what it lacks, the lowest first, down to the highest notarization", () => {
    expect(certificatesAbove(-1, 3, held("X", "X", "X"))).toEqual([X(0), X(1), X(2)]);
    expect(certificatesAbove(0, 3, held("X", "N", "X"))).toEqual([N(1), X(2)]);
    expect(certificatesAbove(2, 3, held("X", "X", "X"))).toEqual([]);
    expect(certificatesAbove(9, 3, held("X", "X", "X"))).toEqual([]);
  });

  test("a peer that jumped over a gap climbs out of it, answer by answer", () => {
    const all = held(...Array.from({ length: 200 }, () => "X"));
    const known = new Set([199]);
    const peer: Certificates = {
      of: (kind, view) => (known.has(view) ? all.of(kind, view) : null),
    };
    let answers = 0;
    for (let certified = -1; certified < 199; certified = certifiedUpTo(200, peer), answers++)
      for (const { ballot: about } of certificatesAbove(certified, 200, all)) known.add(about.view);
    expect(answers).toBe(4);
  });
});
