import type { Digest } from "@meshwork/foundation";
import {
  type Attestation,
  checkAttestation,
  judgesOf,
  sampleCount,
  signAttestation,
  type TaskRecord,
  type TraceLeaf,
  type Verdict,
  verdictHash,
} from "@meshwork/protocol";
import { whileTimeLasts } from "../time-limit.ts";
import { contradictionIn, holdToWords, type Judged } from "./hold-to-word.ts";
import type { Verification, VerifierParts } from "./verify-task.ts";

/** Each further verifier waits this much longer before he hands in what another may hand in first. */
const HAND_IN_STAGGER_MS = 300;

/** Of the time for the verdict: how long the others' signatures may take before this word goes alone. */
const PATIENCE = 1 / 8;

/**
 * Signs the verdict, gathers the others' signatures on the same body, and brings the quorum to the
 * ledger: the Proof-of-Task. Any verifier can; they take turns, so that one transaction does.
 */
export async function attestVerdict(
  parts: Pick<VerifierParts, "me" | "keyPair" | "mail" | "ledger" | "secrets" | "clock" | "log">,
  { task, assignment, signal }: Verification,
  found: { verdict: Verdict; samples: Digest[]; leaves?: readonly TraceLeaf[] },
): Promise<void> {
  const { verdict, samples, leaves = [] } = found;
  const judged = { task, verdict, leaves };
  const seed = parts.secrets("seed", assignment.orderId, assignment.attempt);
  // A verdict without a result shows no samples: there is no trace that they could belong to.
  const shown = samples.slice(0, sampleCount(task, verdict));
  const own = signAttestation({ verifier: parts.me, keyPair: parts.keyPair }, verdict, {
    seed,
    samples: shown,
  });
  for (const { node } of judgesOf(task).seats) {
    if (node === parts.me) continue;
    const message = { kind: "attest", verdict, attestation: own } as const;
    void parts.mail
      .send(node, message)
      .catch((error) => parts.log.warn("a signature was lost", { to: node, error }));
  }
  const { quorum } = judgesOf(task);
  const enough = () => {
    const attestations = [own, ...othersOn(parts, judged)];
    return attestations.length >= quorum ? attestations : null;
  };
  const waitMs = task.order.deadlines.deliverMs * PATIENCE;
  const inTime = await whileTimeLasts(parts.clock, waitMs, signal, (until) =>
    parts.mail.until(task.orderId, enough, until),
  );
  if (inTime === null) layOnLedger(parts, { verdict, attestation: own }, signal);
  const attestations = inTime ?? (await parts.mail.until(task.orderId, enough, signal));
  holdToWords(parts, judged, signal);
  await handIn(parts, task, { verdict, attestations: inSeatOrder(task, attestations) }, signal);
}

/** The others are silent, or say something else: who was not silent must show it, or lose his bond. */
function layOnLedger(
  { ledger, log }: Pick<VerifierParts, "ledger" | "log">,
  word: { verdict: Verdict; attestation: Attestation },
  signal: AbortSignal,
): void {
  const { orderId } = word.verdict;
  log.warn("no quorum signs this verdict: it is laid on the ledger", { orderId });
  ledger.transact({ kind: "attest", ...word }, signal).catch((error) => {
    if (!signal.aborted)
      log.warn("the ledger did not take this verifier's word", { orderId, error });
  });
}

/**
 * What seated verifiers have signed on this very body, one each. Only the signer's own letter counts,
 * or a stranger's forgery could stand before it; and only what the ledger will take, or one bad word
 * would spoil the proof of all; and nobody's whose samples show that he has not looked.
 */
function othersOn({ me, mail }: Pick<VerifierParts, "me" | "mail">, judged: Judged): Attestation[] {
  const { task, verdict } = judged;
  const hash = verdictHash(verdict);
  const letters = mail
    .received(task.orderId, "attest")
    .filter(({ message }) => verdictHash(message.verdict) === hash);
  return judgesOf(task).seats.flatMap((seat) => {
    if (seat.node === me) return [];
    const attestation = letters.find(
      ({ from, message }) => from === seat.node && message.attestation.verifier === seat.node,
    )?.message.attestation;
    const counts =
      attestation !== undefined &&
      checkAttestation({ task }, verdict, { seat, attestation }) === null &&
      contradictionIn({ key: seat.key, verdict, attestation }, judged) === undefined;
    return counts ? [attestation] : [];
  });
}

const inSeatOrder = (task: TaskRecord, attestations: readonly Attestation[]): Attestation[] =>
  judgesOf(task).seats.flatMap(
    ({ node }) => attestations.find(({ verifier }) => verifier === node) ?? [],
  );

async function handIn(
  parts: Pick<VerifierParts, "me" | "ledger" | "clock" | "log">,
  task: TaskRecord,
  proof: { verdict: Verdict; attestations: Attestation[] },
  signal: AbortSignal,
): Promise<void> {
  // Among those who have signed: a seat that has said nothing yet must not keep the others waiting.
  const turn = proof.attestations.findIndex(({ verifier }) => verifier === parts.me);
  const isOver = (until: AbortSignal) =>
    parts.ledger.until(task.orderId, ({ phase }) => phase !== task.phase, until);
  const over = await whileTimeLasts(parts.clock, turn * HAND_IN_STAGGER_MS, signal, isOver);
  if (over !== null) return;
  await parts.ledger.transact({ kind: "prove", proof }, signal);
}
