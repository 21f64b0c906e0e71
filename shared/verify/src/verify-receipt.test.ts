import type { ContentId, Points } from "@meshwork/foundation";
import { Actors, TestNetwork, type testOrder } from "@meshwork/ledger/testing";
import {
  genesis,
  type Receipt,
  receipt as receiptWire,
  type TaskConclusion,
  type TaskRecord,
} from "@meshwork/protocol";
import { beforeAll, describe, expect, test } from "vitest";
import { anchorOf, verifyReceipt } from "./index.ts";

const DAY = 24 * 3_600_000;

/** A network of few members, so that the receipt is small: each of its bytes is tried. */
function finished(change: Parameters<typeof testOrder>[1] = {}) {
  const network = new TestNetwork({ members: 6 });
  const actors = new Actors(network);
  const orderId = actors.order(change);
  actors.finish(orderId);
  return { network, orderId, receipt: network.receiptOf(orderId) };
}

const segments = { replicas: 2, verifiers: 4, segmentsPerVerifier: 1, auditRate: 65_536 };

describe("a receipt of a verified task", () => {
  let { network, receipt } = finished({ policy: segments });
  // One audit in twenty is a full one: another order then.
  beforeAll(() => {
    const actors = new Actors(network);
    while (receipt.task.audit?.mode !== "segments") {
      const orderId = actors.order({ policy: segments });
      actors.finish(orderId);
      receipt = network.receiptOf(orderId);
    }
  });
  const check = (changes: Partial<Parameters<typeof verifyReceipt>[1]> = {}) =>
    verifyReceipt(receiptWire.encode(receipt), {
      genesis: genesis.encode(network.genesis),
      now: network.genesis.time + DAY,
      ...changes,
    });

  test("verifies with the genesis alone and says what was checked", () => {
    const verified = check();
    expect(verified).toMatchObject({ ok: true, outcome: "verified", trust: "valid" });
    if (!verified.ok) return;
    expect(verified.orderId).toBe(receipt.task.orderId);
    expect(verified.result?.resultHash).toBe(receipt.task.conclusion?.result?.resultHash);
    const { segmentsSampled: k, segments: n, statement } = verified.risk;
    expect(k).toBeGreaterThanOrEqual(1);
    expect(k).toBeLessThanOrEqual(3);
    expect(n).toBe(8);
    expect(statement).toContain(`${k} of 8 segments were executed again`);
    expect(statement).toContain(`chance ${n - k}/8`);
  });

  test("is only valid_historic once the genesis is older than the trust period", () => {
    expect(check({ now: network.genesis.time + 22 * DAY })).toMatchObject({
      trust: "valid_historic",
    });
    expect(check({ now: network.genesis.time + 22 * DAY, trustPeriodMs: 30 * DAY })).toMatchObject({
      trust: "valid",
    });
  });

  test("is refused by a checker of another network", () => {
    const other = { ...network.genesis, name: "other" };
    expect(check({ genesis: other })).toMatchObject({ ok: false, code: "WRONG_ORDER" });
  });

  // Some eight thousand forgeries: seconds of work, and more on a machine that does much else.
  test("is refused after any single byte of it is changed", { timeout: 180_000 }, () => {
    const bytes = receiptWire.encode(receipt);
    const options = { genesis: anchorOf(network.genesis), now: network.genesis.time };
    const believed: string[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const original = bytes[at] as number;
      for (const change of [0x01, 0x80 | (at & 0x7f)]) {
        bytes[at] = original ^ change;
        if (verifyReceipt(bytes, options).ok) believed.push(`byte ${at} ^ ${change}`);
      }
      bytes[at] = original;
    }
    expect(believed).toEqual([]);
    expect(verifyReceipt(bytes, options).ok).toBe(true);
  });

  test("is refused when it is cut short, or longer than it is", () => {
    const bytes = receiptWire.encode(receipt);
    const options = { genesis: network.genesis, now: 0 };
    for (const wrong of [bytes.slice(0, -1), new Uint8Array([...bytes, 0]), new Uint8Array()])
      expect(verifyReceipt(wrong, options)).toMatchObject({ code: "NOT_A_RECEIPT" });
  });
});

describe("a receipt that was put together from true parts is refused", () => {
  const { network, receipt } = finished({ policy: segments });
  const other = finished({ policy: { ...segments, verifiers: 3 } }).receipt;
  const check = (changed: Partial<Receipt>) =>
    verifyReceipt({ ...receipt, ...changed }, { genesis: network.genesis, now: 0 });

  test("another task's order", () => {
    expect(check({ order: other.order })).toMatchObject({ code: "WRONG_ORDER" });
  });
  test("another task's proof", () => {
    expect(check({ proof: other.proof })).toMatchObject({ code: "WRONG_PROOF" });
  });
  test("no proof where one concluded the task", () => {
    expect(check({ proof: null })).toMatchObject({ code: "PROOF_MISSING" });
  });
  test("another record than the state holds", () => {
    const attempt = receipt.task.attempt + 1;
    expect(check({ task: { ...receipt.task, attempt } })).toMatchObject({ code: "NOT_IN_STATE" });
    const workers = [...receipt.task.workers, ...other.task.workers];
    expect(check({ task: { ...receipt.task, workers } })).toMatchObject({ code: "NOT_IN_STATE" });
    expect(check({ path: other.path })).toMatchObject({ code: "NOT_IN_STATE" });
  });

  /** A committee that put another record into its state: even that is refused. */
  const inState = (task: TaskRecord) => {
    const state = network.state.with("task", task);
    const header = { ...network.header, stateRoot: state.root() };
    return check({ task, header, path: state.prove("task", task.orderId) });
  };
  test("a record of a task that is not done", () => {
    const running = { ...receipt.task, phase: "audit" as const, conclusion: null };
    expect(inState(running)).toMatchObject({ code: "NOT_DONE" });
  });
  test("a record with a better ending than its proof has", () => {
    const conclusion = receipt.task.conclusion as TaskConclusion;
    const ending = (change: Partial<TaskConclusion>) =>
      inState({ ...receipt.task, conclusion: { ...conclusion, ...change } });
    const wrong = { code: "WRONG_CONCLUSION" };
    expect(ending({ segmentsSampled: conclusion.segmentsSampled + 1 })).toMatchObject(wrong);
    expect(ending({ outcome: "accepted" })).toMatchObject(wrong);
    expect(ending({ result: null })).toMatchObject(wrong);
    const result = conclusion.result as NonNullable<TaskConclusion["result"]>;
    const sealedOutput = `bafkrei${"b".repeat(52)}` as ContentId;
    expect(ending({ result: { ...result, sealedOutput } })).toMatchObject(wrong);
    // With everything as it was, only the header is another than the quorum signed.
    expect(ending({})).toMatchObject({ ok: true });
    expect(ending({ paid: 0n as Points })).toMatchObject({ code: "WRONG_BLOCK" });
  });

  test("the certificate of another block", () => {
    const earlier = network.blocks.at(-2)?.certificate as Receipt["certificate"];
    expect(check({ certificate: earlier })).toMatchObject({ code: "WRONG_BLOCK" });
  });
  test("a certificate with one signature too few", () => {
    const { seats, signatures } = receipt.certificate;
    const fewer = { seats: seats.slice(1), signatures: signatures.slice(1) };
    expect(check({ certificate: { ...receipt.certificate, ...fewer } })).toMatchObject({
      code: "NO_QUORUM",
    });
  });
});

test("a receipt of a refunded task needs no proof and says that nothing was found out", () => {
  const network = new TestNetwork({ members: 6 });
  const actors = new Actors(network);
  for (const member of network.members) actors.conduct.set(member.nodeId, "silent");
  const orderId = actors.order({ policy: segments });
  actors.finish(orderId);
  const receipt = network.receiptOf(orderId);
  expect(receipt.proof).toBeNull();
  const verified = verifyReceipt(receipt, { genesis: network.genesis, now: 0 });
  expect(verified).toMatchObject({ ok: true, outcome: "inconclusive", result: null });
});
