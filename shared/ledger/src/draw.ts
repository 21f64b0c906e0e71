import { digestOf } from "@meshwork/crypto";
import { type Digest, fromHex, type NodeId, utf8 } from "@meshwork/foundation";
import {
  type NetworkPolicy,
  proofQuorum,
  type SeededDraw,
  seededDraw,
  type TaskRecord,
} from "@meshwork/protocol";
import { type Candidate, candidateOf, isEligible, newcomersAreCapped } from "./eligibility.ts";
import { ONE } from "./reputation.ts";
import type { State } from "./state.ts";
import { suitabilityOf, WHOLE } from "./suitability.ts";

export type Relaxed = TaskRecord["relaxed"];

export interface Ranks {
  ranks: NodeId[];
  /** Caps that had to go because nodes were few, in order. */
  relaxed: Relaxed;
}

/** What chance decides with: nobody knew the beacon when the draw's inputs were fixed. */
export const drawSeed = (
  beacon: Digest,
  task: TaskRecord,
  role: "nodes" | "audit" | "panel",
): Digest =>
  digestOf(
    "meshwork/draw/1",
    fromHex(beacon),
    fromHex(task.orderId),
    Uint8Array.of(task.attempt),
    utf8(role),
  );

/**
 * One weighted permutation of the eligible nodes: workers, verifiers, substitutes. Null if there are
 * too few for one full set of workers and a quorum of verifiers.
 */
export function drawRanks(
  state: State,
  task: TaskRecord,
  { beacon, ...at }: { beacon: Digest; activeTime: number; asIfIdle?: boolean },
): Ranks | null {
  const { policy } = state;
  const candidates: Drawn[] = [];
  for (const node of state.nodes())
    if (isEligible(state, node, { task, ...at }))
      candidates.push({
        ...candidateOf(policy, node, at.activeTime),
        suitability: suitabilityOf(node, task.order.placement),
      });

  const { replicas, verifiers } = task.order.policy;
  let best: Ranks | null = null;
  for (const relaxed of relaxations(policy, candidates)) {
    const draw = seededDraw(drawSeed(beacon, task, "nodes"));
    const ranks = permute({ policy, task, relaxed, candidates, draw });
    if (best === null || ranks.length > best.ranks.length) best = { ranks, relaxed };
    if (ranks.length >= replicas + verifiers) break;
  }
  const enough = replicas + proofQuorum(verifiers);
  return best !== null && best.ranks.length >= enough ? best : null;
}

/** A candidate for the places of one order. */
interface Drawn extends Candidate {
  /** Of `WHOLE`. */
  suitability: number;
}

/** The caps go in a fixed order, and only those that exclude somebody. */
function relaxations(policy: NetworkPolicy, candidates: readonly Candidate[]): Relaxed[] {
  const operator: Relaxed = policy.operatorCap > 0 ? ["operator"] : [];
  const probation: Relaxed = candidates.some((candidate) => candidate.newcomer)
    ? ["probation"]
    : [];
  return [[], operator, [...operator, ...probation]];
}

interface Permutation {
  policy: NetworkPolicy;
  task: TaskRecord;
  relaxed: Relaxed;
  candidates: readonly Drawn[];
  draw: SeededDraw;
}

function permute({ policy, task, relaxed, candidates, draw }: Permutation): NodeId[] {
  const { replicas, verifiers } = task.order.policy;
  const lifted = relaxed.includes("probation");
  const pool = weighed(policy, candidates, lifted);
  const chosen: Candidate[] = [];
  const wanted = Math.min(pool.length, policy.drawFactor * (replicas + verifiers));
  while (chosen.length < wanted) {
    const place = placeOf(task, chosen.length);
    const open = pool.filter(
      (candidate) =>
        candidate.weight > 0 &&
        (lifted || newcomerMay(policy, candidate, { place, chosen })) &&
        (relaxed.includes("operator") || operatorMay(policy, candidate, { place, chosen })),
    );
    const next = pick(open, draw);
    if (next === undefined) break;
    pool.splice(pool.indexOf(next), 1);
    chosen.push(next);
  }
  return chosen.map(({ node }) => node);
}

type PlaceKind = "worker" | "verifier" | "substitute";

function placeOf({ order }: TaskRecord, rank: number): PlaceKind {
  const { replicas, verifiers } = order.policy;
  if (rank < replicas) return "worker";
  return rank < replicas + verifiers ? "verifier" : "substitute";
}

interface Choice {
  place: PlaceKind;
  chosen: readonly Candidate[];
}

/**
 * Newcomers never verify; where they are capped, one a task may work. Substitutes are held against
 * both when they are called: by then it is known who else is in.
 */
function newcomerMay(
  policy: NetworkPolicy,
  candidate: Candidate,
  { place, chosen }: Choice,
): boolean {
  if (!candidate.newcomer) return true;
  if (place === "verifier") return false;
  if (!newcomersAreCapped(policy) || place === "substitute") return true;
  return !chosen.some((other) => other.newcomer);
}

/** Substitutes are held against this cap too when they are called. */
function operatorMay(
  { operatorCap }: NetworkPolicy,
  { operator }: Candidate,
  { place, chosen }: Choice,
): boolean {
  if (operatorCap === 0 || place === "substitute") return true;
  return chosen.filter((other) => other.operator === operator).length < operatorCap;
}

/**
 * Nothing is known of who is untested, so it weighs like the average of the others; who was caught
 * keeps the weight of his reputation. How well a node suits the order lowers what it has earned. But newcomers together hold at most their share of the weight,
 * however many they are.
 */
function weighed(
  policy: NetworkPolicy,
  candidates: readonly Drawn[],
  lifted: boolean,
): Candidate[] {
  const average = averageWeight(candidates.filter((one) => !one.newcomer));
  const pool = candidates.map((one) => {
    const earned = one.untested ? Math.max(one.weight, average) : one.weight;
    return { ...one, weight: Math.max(1, Math.floor((earned * one.suitability) / WHOLE)) };
  });
  return lifted || !newcomersAreCapped(policy) ? pool : capped(policy, pool);
}

function averageWeight(members: readonly Candidate[]): number {
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  return members.length === 0 ? 0 : Math.floor(total / members.length);
}

function capped({ probationShare }: NetworkPolicy, pool: readonly Candidate[]): Candidate[] {
  const sum = (newcomer: boolean) =>
    pool.reduce((total, one) => total + (one.newcomer === newcomer ? one.weight : 0), 0);
  const strangers = BigInt(sum(true));
  const allowed = (BigInt(sum(false)) * BigInt(probationShare)) / BigInt(ONE - probationShare);
  if (strangers <= allowed) return [...pool];
  return pool.map((one) =>
    one.newcomer ? { ...one, weight: Number((BigInt(one.weight) * allowed) / strangers) } : one,
  );
}

/** With chance in proportion to weight. */
export function pick(open: readonly Candidate[], draw: SeededDraw): Candidate | undefined {
  const total = open.reduce((sum, candidate) => sum + candidate.weight, 0);
  if (total === 0) return undefined;
  let left = draw(total);
  return open.find((candidate) => {
    left -= candidate.weight;
    return left < 0;
  });
}
