import { type NodeId, toHex } from "@meshwork/foundation";
import {
  type Attestation,
  type BodyOf,
  checkAttestation,
  contradictsHimself,
  encodeLeaf,
  isPlain,
  picksOf,
  seatedVerifiers,
  type TaskRecord,
  type TraceLeaf,
  tracePath,
  type Verdict,
  verdictHash,
  type Word,
} from "@meshwork/protocol";
import type { VerifierParts } from "./verify-task.ts";

/** The verdict that this verifier signs, and the trace that it calls right. */
export interface Judged {
  task: TaskRecord;
  verdict: Verdict;
  leaves: readonly TraceLeaf[];
}

/** The step at which a word contradicts the trace that it attests: its signer has not run it. */
export function contradictionIn(word: Word, { task, leaves }: Judged): TraceLeaf | undefined {
  if (!isPlain(task.order.work)) return undefined;
  return picksOf(word)
    .flatMap((step) => leaves[step] ?? [])
    .find((leaf) => contradictsHimself(word, leaf));
}

/**
 * Brings before the ledger who shows samples that he cannot have run. It costs him his bond and more, and
 * pays this node a part.
 */
export function holdToWords(
  { me, mail, ledger, log }: Pick<VerifierParts, "me" | "mail" | "ledger" | "log">,
  judged: Judged,
  signal: AbortSignal,
): void {
  const { task, verdict } = judged;
  const hash = verdictHash(verdict);
  for (const { from, message } of mail.received(task.orderId, "attest")) {
    const { attestation } = message;
    if (from === me || attestation.verifier !== from || verdictHash(message.verdict) !== hash)
      continue;
    const evidence = evidenceAgainst(from, attestation, judged);
    if (evidence === null) continue;
    const about = { orderId: task.orderId, verifier: from };
    log.warn("a verifier shows samples that he has not run", about);
    ledger.transact(evidence, signal).catch((error) => {
      if (!signal.aborted) log.warn("the ledger did not convict him", { ...about, error });
    });
  }
}

function evidenceAgainst(
  verifier: NodeId,
  attestation: Attestation,
  judged: Judged,
): BodyOf<"recheck"> | null {
  const { task, verdict, leaves } = judged;
  const seat = seatedVerifiers(task).find(({ node }) => node === verifier);
  // What the ledger would refuse is nobody's word.
  if (seat === undefined || checkAttestation({ task }, verdict, { seat, attestation }) !== null)
    return null;
  const wrong = contradictionIn({ key: seat.key, verdict, attestation }, judged);
  if (wrong === undefined) return null;
  const leaf = toHex(encodeLeaf(wrong));
  return { kind: "recheck", verdict, attestation, leaf, path: tracePath(leaves, wrong.index) };
}
