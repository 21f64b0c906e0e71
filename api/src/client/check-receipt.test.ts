import type { Digest, OrderId } from "@meshwork/foundation";
import { Actors, JobPlay, jobOf, TestNetwork } from "@meshwork/ledger/testing";
import { idOfJob, jobReceipt, receipt as receiptWire } from "@meshwork/protocol";
import { expect, test } from "vitest";
import type { JobState } from "../job-views.ts";
import { requireJobProof, requireProof } from "./check-receipt.ts";

const network = new TestNetwork({ members: 6 });
const actors = new Actors(network);
const orderId = actors.order();
const { conclusion } = actors.finish(orderId);
const receipt = receiptWire.encode(network.receiptOf(orderId));
const against = { genesis: network.genesis, now: network.genesis.time };
const told = {
  orderId,
  outcome: conclusion?.outcome ?? "inconclusive",
  resultHash: conclusion?.result?.resultHash ?? "",
};

const INVALID = expect.objectContaining({ code: "RECEIPT_INVALID" });

test("what the ledger concluded is proved by its receipt", () => {
  expect(told.outcome).toBe("verified");
  requireProof(receipt, against, told);
});

test.each([
  ["another order", { orderId: "0".repeat(64) as OrderId }],
  ["another outcome", { outcome: "accepted" as const }],
  ["another result", { resultHash: "0".repeat(64) }],
])("a server that tells of %s is caught", (_what, lie) => {
  expect(() => requireProof(receipt, against, { ...told, ...lie })).toThrow(INVALID);
});

test("a receipt of another network, or changed in any of a hundred places, proves nothing", () => {
  const { genesis } = new TestNetwork({ members: 7 });
  expect(() => requireProof(receipt, { ...against, genesis }, told)).toThrow(INVALID);
  for (let i = 0; i < 100; i++) {
    const changed = Uint8Array.from(receipt);
    const at = Math.floor((i * changed.length) / 100);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => requireProof(changed, against, told), `byte ${at}`).toThrow(INVALID);
  }
});

/** A job of three parts and a reduction, as a true server shows it. */
const job = jobOf(network);
const played = new JobPlay(network).receipt(job);
const partOf = ({ receipt: { task } }: (typeof played.parts)[number], index: number) => ({
  ...{ index, attempt: 0, orderId: task.orderId, stage: "done" as const, stepsDone: 0, steps: 0 },
  outcome: task.conclusion?.outcome ?? null,
  resultHash: task.conclusion?.result?.resultHash ?? null,
});
const parts: JobState["parts"] = played.parts.map(partOf);
const reduce = played.reduce && partOf(played.reduce, 3);
const jobId = idOfJob(job);
const [first, ...others] = parts as [JobState["parts"][number]];

test.each<[string, boolean, Partial<{ jobId: Digest } & Pick<JobState, "parts" | "reduce">>]>([
  ["what a job's receipt proves", true, {}],
  ["another job than was asked for", false, { jobId: "0".repeat(64) as Digest }],
  ["another outcome of a part", false, { parts: [{ ...first, outcome: "attested" }, ...others] }],
  ["another result of a part", false, { parts: [{ ...first, resultHash: null }, ...others] }],
  ["one part less", false, { parts: others }],
  ["no reduction", false, { reduce: null }],
  [
    "the reduction as a part",
    false,
    { parts: [...parts, ...(reduce ? [reduce] : [])], reduce: null },
  ],
])("of a server that tells of %s is believed: %s", (_what, isTrue, lie) => {
  const { jobId: asked, ...state } = { jobId, parts, reduce, ...lie };
  const read = () => requireJobProof(jobReceipt.encode(played), against, { jobId: asked, state });
  if (isTrue) read();
  else expect(read).toThrow(INVALID);
});
