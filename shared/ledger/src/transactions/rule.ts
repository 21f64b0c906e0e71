import { vrfOutput, type vrfVerify } from "@meshwork/crypto";
import type { NodeId, OrderId, TransactionId } from "@meshwork/foundation";
import {
  type TaskRecord,
  type TransactionBody,
  verifyAdmission,
  verifyAttestation,
  verifyCertificate,
  verifyConsent,
  verifyMandate,
  verifyTransaction,
  verifyVote,
  verifyVoucher,
} from "@meshwork/protocol";
import type { Moment } from "../active-time.ts";
import type { Draft } from "../draft.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { State } from "../state.ts";

/**
 * The signature checks, which are most of a block's cost. A validator passes its own, which remember
 * what they have checked: each signature once, when it reaches the mempool.
 */
export interface Checks {
  verifyTransaction: typeof verifyTransaction;
  verifyAttestation: typeof verifyAttestation;
  verifyCertificate: typeof verifyCertificate;
  verifyVoucher: typeof verifyVoucher;
  verifyAdmission: typeof verifyAdmission;
  verifyVote: typeof verifyVote;
  verifyConsent: typeof verifyConsent;
  verifyMandate: typeof verifyMandate;
  /**
   * The proposer's beacon proof. For blocks that are final already its output is enough
   * (`vrfOutput`), which is ten times cheaper.
   * @default vrfVerify
   */
  verifyBeacon?: typeof vrfVerify;
}
export const realChecks: Checks = {
  verifyTransaction,
  verifyAttestation,
  verifyCertificate,
  verifyVoucher,
  verifyAdmission,
  verifyVote,
  verifyConsent,
  verifyMandate,
};

/**
 * Whoever is named as the signer is believed. For what a quorum has made final, each of whose seats has
 * checked it; and for blocks of one's own making, where the rules are tried and not the signatures.
 */
export const believingChecks: Checks = {
  verifyTransaction: () => true,
  verifyAttestation: () => true,
  verifyCertificate: () => true,
  verifyVoucher: () => true,
  verifyAdmission: () => true,
  verifyVote: () => true,
  verifyConsent: () => true,
  verifyMandate: () => true,
  verifyBeacon: (_key, _alpha, proof) => vrfOutput(proof),
};

/** What a transaction is held against. */
export interface Ground {
  state: State;
  at: Moment;
  checks: Checks;
}

export interface Signed<B extends TransactionBody = TransactionBody> {
  id: TransactionId;
  sender: NodeId;
  nonce: bigint;
  notAfter: number;
  body: B;
}

/** The law for one kind of transaction. `apply` is called only after both checks had nothing against it. */
export interface Rule<B extends TransactionBody> {
  /** All that costs no signature check. */
  check(signed: Signed<B>, ground: Ground): Refusal | null;
  /** What others than the sender have signed. Only once it is known who asks: it costs the most. */
  checkOthers?(signed: Signed<B>, ground: Ground): Refusal | null;
  apply(draft: Draft, signed: Signed<B>): void;
}

export type Found<T> = { found: T; refusal: null } | { found: null; refusal: Refusal };

/** The task that a transaction is about, if it is in one of these phases, and in that attempt. */
export function findTask(
  state: State,
  about: { orderId: OrderId; attempt: number },
  ...phases: TaskRecord["phase"][]
): Found<TaskRecord> {
  const task = state.task(about.orderId);
  const no = (...refusal: Parameters<typeof refuse>): Found<TaskRecord> => ({
    found: null,
    refusal: refuse(...refusal),
  });
  if (task === undefined) return no("UNKNOWN_TASK", `there is no task ${about.orderId}`);
  if (task.attempt !== about.attempt)
    return no("WRONG_ATTEMPT", `this is attempt ${task.attempt}, not ${about.attempt}`);
  if (!phases.includes(task.phase))
    return no(
      "WRONG_PHASE",
      `the task is ${task.phase}; this is possible only while ${phases.join(" or ")}`,
    );
  return { found: task, refusal: null };
}

export function requireTask(draft: Draft, id: OrderId): TaskRecord {
  const task = draft.state.task(id);
  if (task === undefined) throw new RangeError(`task ${id} was checked but is gone`);
  return task;
}
