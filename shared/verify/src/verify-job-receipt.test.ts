import { JobPlay, jobOf, TestNetwork } from "@meshwork/ledger/testing";
import {
  genesis,
  type JobEnd,
  type JobReceipt,
  jobHash,
  jobReceiptRoot,
  jobReceipt as jobReceiptWire,
} from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { anchorOf, verifyJobReceipt } from "./index.ts";

const network = new TestNetwork({ members: 8, policy: { epochMs: 60_000, handOverMs: 20 } });
const play = new JobPlay(network);
const job = jobOf(network);
const receipt = play.receipt(job);
network.passEpoch();
// A second one, of the next epoch.
const other = play.receipt(jobOf(network, { maxFailures: 3, attempts: 1, reduce: null }));
const believed = { genesis: genesis.encode(network.genesis), now: network.genesis.time };

const check = (changed: Partial<JobReceipt>, of = receipt) => {
  const put = { ...of, ...changed };
  const root = changed.root ?? jobReceiptRoot(put);
  return verifyJobReceipt({ ...put, root }, believed);
};
const codeOf = (changed: Partial<JobReceipt>, of = receipt) => {
  const found = check(changed, of);
  return found.ok ? "believed" : found.code;
};
const [first, second, third] = receipt.parts as [JobEnd, JobEnd, JobEnd];

describe("a job's receipt", () => {
  test("verifies with the genesis alone, and says how each part ended", () => {
    const verified = verifyJobReceipt(jobReceiptWire.encode(receipt), believed);
    expect(verified).toMatchObject({ ok: true, failures: 0, trust: "valid", root: receipt.root });
    if (!verified.ok) return;
    expect(verified.parts.map(({ outcome }) => outcome)).toEqual(Array(3).fill("verified"));
    expect(verified.parts.map(({ orderId }) => orderId)).toEqual(
      receipt.parts.map((end) => end.receipt.task.orderId),
    );
    expect(verified.reduce?.resultHash).toBe(
      receipt.reduce?.receipt.task.conclusion?.result?.resultHash,
    );
  });

  test("of a later epoch needs the hand-overs that all its parts have in common", () => {
    expect(codeOf({}, other)).toBe("believed");
    expect(codeOf({ handOver: [] }, other)).toBe("WRONG_EPOCH");
    const { handOver } = other;
    expect(verifyJobReceipt({ ...other, handOver: [] }, { ...believed, handOver }).ok).toBe(true);
  });

  test("is refused when a part is missing, swapped, twice there, or from another job", () => {
    expect(codeOf({ parts: [first, second] })).toBe("WRONG_PART");
    expect(codeOf({ parts: [second, first, third] })).toBe("WRONG_PART");
    expect(codeOf({ parts: [first, first, third] })).toBe("WRONG_PART");
    expect(codeOf({ parts: [first, second, other.parts[2] as JobEnd] })).toBe("WRONG_PART");
    expect(codeOf({ parts: [first, second, third, third] })).toBe("WRONG_PART");
    expect(codeOf({ parts: [first, { ...second, attempt: 1 }, third] })).toBe("WRONG_PART");
  });

  test("is refused when its reduction is missing, not wanted, or read something else", () => {
    expect(codeOf({ reduce: null })).toBe("REDUCTION_MISSING");
    expect(codeOf({ reduce: receipt.reduce }, other)).toBe("REDUCTION_UNEXPECTED");
    expect(codeOf({ reduce: first })).toBe("WRONG_PART");
    // Another size is another contract, so another order.
    expect(codeOf({ parts: [{ ...first, outputBytes: 7 }, second, third] })).toBe("WRONG_PART");
    expect(codeOf({ parts: [{ ...first, outputBytes: null }, second, third] })).toBe(
      "WRONG_OUTPUT_SIZE",
    );
  });

  test("is refused under another job, another network, or another root", () => {
    const { body, mandate } = job;
    const longer = { ...body, maxFailures: 1 };
    expect(codeOf({ job: { ...job, body: longer } })).toBe("WRONG_JOB");
    // Nobody signed this mandate: it names other orders.
    const forged = { ...job, body: longer, mandate: { ...mandate, jobHash: jobHash(longer) } };
    expect(codeOf({ job: forged })).toBe("WRONG_PART");
    expect(codeOf({ root: other.root })).toBe("WRONG_ROOT");
    const { genesis: foreign } = new TestNetwork({ members: 7 });
    expect(verifyJobReceipt(receipt, { genesis: foreign, now: 0 })).toMatchObject({
      code: "WRONG_CHAIN",
    });
  });

  test("is refused when more parts came to nothing than the job allows", () => {
    const faulty = new TestNetwork({ members: 8 });
    const at = (maxFailures: number) => {
      const stage = new JobPlay(faulty);
      stage.actors.fault = "TRAP";
      const bad = jobOf(faulty, { maxFailures, attempts: 1, reduce: null });
      return verifyJobReceipt(stage.receipt(bad), { genesis: faulty.genesis, now: 0 });
    };
    expect(at(2)).toMatchObject({ code: "TOO_MANY_FAILURES" });
    expect(at(3)).toMatchObject({ ok: true, failures: 3 });
  });

  test("is refused after any of some dozen bytes of it is changed, or when it is cut", () => {
    const bytes = jobReceiptWire.encode(receipt);
    const options = { genesis: anchorOf(network.genesis), now: network.genesis.time };
    const refused: boolean[] = [];
    for (let at = 0; at < bytes.length; at += 293) {
      const changed = bytes.with(at, (bytes[at] as number) ^ (1 + (at & 0x7f)));
      refused.push(!verifyJobReceipt(changed, options).ok);
    }
    expect(refused.length).toBeGreaterThan(60);
    expect(refused).not.toContain(false);
    expect(verifyJobReceipt(bytes.slice(0, -1), options)).toMatchObject({
      code: "NOT_A_JOB_RECEIPT",
    });
  });
});
