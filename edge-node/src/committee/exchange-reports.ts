import { fromHex, type NodeId, toHex } from "@meshwork/foundation";
import {
  decodeLeaf,
  encodeLeaf,
  judgesOf,
  type SegmentEvidence,
  type TaskMessageOf,
} from "@meshwork/protocol";
import { whileTimeLasts } from "../time-limit.ts";
import type { Audit } from "./audit.ts";
import type { Claim } from "./read-claims.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/** What is known of the closed set when all have spoken: `judge` makes the verdict of it. */
export interface Findings {
  /** Claims that were shown and hold together. */
  claims: ReadonlyMap<NodeId, Claim>;
  guilty: ReadonlyMap<NodeId, SegmentEvidence>;
  /** Of work that is not deterministic: whose output is not like what was agreed, or will not do. */
  unlike: ReadonlySet<NodeId>;
}

type Report = TaskMessageOf<"report">;

/**
 * Tells the other verifiers what this one found and hears what they found, so that all can sign one
 * body. Nobody is believed: what another brings as evidence is run again here before it counts.
 */
export async function exchangeReports(
  parts: Pick<VerifierParts, "me" | "mail" | "clock" | "log">,
  verification: Verification,
  mine: { claims: readonly Claim[]; audit: Audit },
): Promise<Findings> {
  const { task, assignment, signal } = verification;
  const others = judgesOf(task).seats.flatMap(({ node }) => (node === parts.me ? [] : [node]));
  const { orderId, attempt } = assignment;
  const report: Report = { kind: "report", orderId, attempt, evidence: evidenceOf(mine.audit) };
  for (const other of others) {
    void parts.mail
      .send(other, report)
      .catch((error) => parts.log.warn("a report was lost", { to: other, error }));
  }
  const reports = await othersReports(parts, verification, others, signal);
  const claims = new Map(mine.claims.map((claim) => [claim.worker, claim]));
  const guilty = await confirm(verification, claims, [...reports.values()], mine.audit.guilty);
  return { claims, guilty, unlike: new Set() };
}

const evidenceOf = ({ guilty }: Audit) =>
  [...guilty].map(([worker, segment]) => ({ worker, segment }));

/** All reports, or those that came in time; beyond a quorum's nobody is waited for long. */
async function othersReports(
  { mail, clock }: Pick<VerifierParts, "mail" | "clock">,
  { task }: Verification,
  others: readonly NodeId[],
  signal: AbortSignal,
): Promise<Map<NodeId, Report>> {
  const soFar = () => {
    const letters = mail
      .received(task.orderId, "report")
      .filter(({ from, message }) => others.includes(from) && message.attempt === task.attempt);
    return new Map(letters.map(({ from, message }) => [from, message]));
  };
  const atLeast = (count: number) => () => (soFar().size >= count ? soFar() : null);
  const waitMs = task.order.deadlines.deliverMs / 4;
  const quorum = Math.min(others.length, judgesOf(task).quorum - 1);
  const needed = await whileTimeLasts(clock, waitMs, signal, (until) =>
    mail.until(task.orderId, atLeast(quorum), until),
  );
  if (needed === null) return soFar();
  const all = await whileTimeLasts(clock, waitMs / 4, signal, (until) =>
    mail.until(task.orderId, atLeast(others.length), until),
  );
  return all ?? soFar();
}

/** Own findings, and of the others' those that this verifier sees come out too; the earliest step counts. */
async function confirm(
  { replayer }: Verification,
  claims: ReadonlyMap<NodeId, Claim>,
  reports: readonly Report[],
  own: ReadonlyMap<NodeId, SegmentEvidence>,
): Promise<Map<NodeId, SegmentEvidence>> {
  const guilty = new Map(own);
  for (const { worker, segment } of reports.flatMap(({ evidence }) => evidence)) {
    const claim = claims.get(worker);
    const known = guilty.get(worker);
    if (claim === undefined || (known !== undefined && known.index <= segment.index)) continue;
    const claimed = claim.leaves[segment.index];
    if (claimed === undefined || toHex(encodeLeaf(claimed)) !== segment.claimedLeaf) continue;
    const actual = await replayer.replayStep(segment.index, claim.leaves.slice(0, segment.index));
    const comesOut =
      toHex(encodeLeaf(actual)) === segment.actualLeaf &&
      decodeLeaf(fromHex(segment.actualLeaf)).index === segment.index;
    if (comesOut && segment.actualLeaf !== segment.claimedLeaf) guilty.set(worker, segment);
  }
  return guilty;
}
