import { type OwnVotes, type Rules, simplexRules } from "@meshwork/consensus";
import type { BlockHash, Signature } from "@meshwork/foundation";
import type { Ballot, Certificate, Proposal } from "@meshwork/protocol";
import { NumberSet } from "../support/simulator/number-set.ts";

/**
 * Every state that the votes of one height can reach: four seats, one of them a liar that has always
 * signed everything, three honest ones that vote as `rules` allow, two blocks, a few views.
 *
 * Messages need no model. A guard looks only at votes that were cast, and a node may know of any part of
 * them: so a state is the set of the votes cast, and a step is one more vote. What a node does in an
 * order that a real one would not choose only adds states. The rules are the product's own.
 */
export interface Exploration {
  /** States reached, but for the names of the honest nodes. */
  readonly states: number;
  /** A state in which both blocks are final; null when there is none. */
  readonly violation: string | null;
}

const BLOCKS = ["a".repeat(64), "b".repeat(64)] as BlockHash[];
const SEATS = 4;

/** The votes of one honest node in one view: N none, A, B × X no, yes × F none, A, B. */
const PER_VIEW = 18;
const digitOf = (n: number, x: number, f: number): number => n + 3 * x + 6 * f;
const DIGITS = Array.from({ length: PER_VIEW }, (_, digit) => ({
  n: digit % 3,
  x: Math.floor(digit / 3) % 2,
  f: Math.floor(digit / 6),
}));
type Digit = (typeof DIGITS)[number];

/** A set of votes, or of certificates, is a mask: five bits a view. */
const BITS = 5;
const bitOf = (kind: "N" | "X" | "F", view: number, block: number): number =>
  1 << (BITS * view + (kind === "X" ? 2 : block + (kind === "N" ? 0 : 3)));

export function exploreVotes(views: number, rules: Rules = simplexRules): Exploration {
  const perNode = PER_VIEW ** views;
  const digitsOf = (node: number): Digit[] =>
    Array.from(
      { length: views },
      (_, view) => DIGITS[Math.floor(node / PER_VIEW ** view) % PER_VIEW] as Digit,
    );
  const masks = Array.from({ length: perNode }, (_, node) => maskOf(digitsOf(node)));
  const certify = certifier(rules.quorumOf(SEATS) - 1);
  const stepsOf = stepper(digitsOf, rules, perNode);
  const seen = new NumberSet(1 << 16);
  const open = [0];
  seen.add(0);
  const visit = (a: number, b: number, c: number) => {
    // The honest nodes have no names: one order stands for all.
    const low = Math.min(a, b, c);
    const high = Math.max(a, b, c);
    const state = low + perNode * (a + b + c - low - high + perNode * high);
    if (seen.add(state)) open.push(state);
  };
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    const a = state % perNode;
    const b = Math.floor(state / perNode) % perNode;
    const c = Math.floor(state / perNode ** 2);
    const table = certify(masks[a] as number, masks[b] as number, masks[c] as number);
    if (isForked(table, views))
      return { states: seen.size, violation: describe([a, b, c].map(digitsOf)) };
    for (const step of stepsOf(a, table)) visit(a + step, b, c);
    for (const step of stepsOf(b, table)) visit(a, b + step, c);
    for (const step of stepsOf(c, table)) visit(a, b, c + step);
  }
  return { states: seen.size, violation: null };
}

const maskOf = (digits: readonly Digit[]): number =>
  digits.reduce(
    (mask, { n, x, f }, view) =>
      mask |
      (n > 0 ? bitOf("N", view, n - 1) : 0) |
      (x > 0 ? bitOf("X", view, 0) : 0) |
      (f > 0 ? bitOf("F", view, f - 1) : 0),
    0,
  );

/** The liar's vote is always there, so a certificate needs one honest vote less than a quorum. */
function certifier(honestVotes: number): (a: number, b: number, c: number) => number {
  if (honestVotes <= 1) return (a, b, c) => a | b | c;
  if (honestVotes === 2) return (a, b, c) => (a & b) | (a & c) | (b & c);
  return (a, b, c) => a & b & c;
}

const isForked = (table: number, views: number): boolean =>
  BLOCKS.every((_, block) =>
    Array.from({ length: views }, (_, view) => bitOf("F", view, block)).some(
      (bit) => (table & bit) !== 0,
    ),
  );

/** The votes that the rules allow, worked out once for each own state and set of certificates. */
function stepper(digitsOf: (node: number) => Digit[], rules: Rules, perNode: number) {
  const known = new Map<number, readonly number[]>();
  return (node: number, table: number): readonly number[] => {
    const key = table * perNode + node;
    let steps = known.get(key);
    if (steps === undefined) {
      steps = digitsOf(node).flatMap((digit, view) =>
        stepsIn(view, { digit, table, rules }).map((step) => step * PER_VIEW ** view),
      );
      known.set(key, steps);
    }
    return steps;
  };
}

function stepsIn(
  view: number,
  { digit, table, rules }: { digit: Digit; table: number; rules: Rules },
): number[] {
  const has = (kind: "N" | "X" | "F", at: number, block: number) =>
    (table & bitOf(kind, at, block)) !== 0;
  const isEntered =
    view === 0 || has("X", view - 1, 0) || has("N", view - 1, 0) || has("N", view - 1, 1);
  if (!isEntered) return [];
  const { n, x, f } = digit;
  const own: OwnVotes = { N: BLOCKS[n - 1] ?? null, X: x === 1, F: BLOCKS[f - 1] ?? null };
  // A digit holds one N, X and F at most: votes on top of those are not modelled, nor needed to fail.
  const steps = x === 0 && rules.mayNullify(own) ? [digitOf(0, 1, 0)] : [];
  for (const block of BLOCKS.keys()) {
    if (n === 0 && rules.mayNotarize(own) && isProposable(block, view, table, rules))
      steps.push(digitOf(block + 1, 0, 0));
    if (f === 0 && rules.mayFinalize(own) && has("N", view, block))
      steps.push(digitOf(0, 0, block + 1));
  }
  return steps;
}

/** Whether some justification made of these certificates lets a voter notarize the block. */
function isProposable(block: number, view: number, table: number, rules: Rules): boolean {
  const blockHash = BLOCKS[block] as BlockHash;
  const notarizedIn = (below: number): Certificate | null =>
    (table & bitOf("N", below, block)) === 0
      ? null
      : certificate({ kind: "N", view: below, blockHash });
  const held = {
    of: (kind: "N" | "X", below: number) => {
      if (kind === "N") return notarizedIn(below);
      if ((table & bitOf("X", below, 0)) === 0) return null;
      return certificate({ kind: "X", view: below, blockHash: null });
    },
  };
  const notarized = Array.from({ length: view }, (_, below) => notarizedIn(below));
  return [null, ...notarized].some((reason) =>
    rules.isJustified(proposal({ view, blockHash }, reason), held),
  );
}

type About = Pick<Ballot, "kind" | "view" | "blockHash">;
const certificate = (about: About): Certificate => ({
  ballot: { ...about, epoch: 0, height: 1 },
  seats: [],
  signatures: [],
});

function proposal(about: Omit<About, "kind">, notarized: Certificate | null): Proposal {
  const ballot: Ballot = { kind: "N", epoch: 0, height: 1, ...about };
  const vote = { ballot, seat: 0, signature: "" as Signature };
  // The rule looks at the vote and the reason alone.
  return {
    kind: "proposal",
    vote,
    justification: { notarized, nullified: [] },
  } as unknown as Proposal;
}

const describe = (nodes: readonly (readonly Digit[])[]): string =>
  nodes
    .map((node, i) => {
      const votes = node.flatMap(({ n, x, f }, view) => [
        ...(n > 0 ? [`N(${view}, ${"AB"[n - 1]})`] : []),
        ...(x > 0 ? [`X(${view})`] : []),
        ...(f > 0 ? [`F(${view}, ${"AB"[f - 1]})`] : []),
      ]);
      return `n${i}: ${votes.join(" ") || "nothing"}`;
    })
    .join("; ");
