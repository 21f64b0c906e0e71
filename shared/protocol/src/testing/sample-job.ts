import { type Job, type JobBody, jobHash, slotsOf } from "../job.ts";
import { type JobReceipt, jobReceiptRoot } from "../job-receipt.ts";
import { sampleCertificate, sampleHandOver, sampleHeader } from "./network-samples.ts";
import { content, sampleDigest, signature } from "./sample-ids.ts";
import { sampleMandate } from "./sample-mandate.ts";
import { sampleTask } from "./sample-task.ts";
import { sampleContract, sampleProof, sampleTransactions } from "./samples.ts";

const ref = (sizeBytes: number) => ({ contentId: content, sizeBytes });
const contract = { ...sampleContract, inputs: [] };

const body: JobBody = {
  map: contract,
  inputs: [ref(7), ref(8), ref(9)],
  reduce: contract,
  attempts: 3,
  maxFailures: 1,
  blind: sampleDigest(83),
};

export const sampleJob: Job = {
  mandate: { ...sampleMandate, jobHash: jobHash(body), orders: slotsOf(body) },
  signature: signature(84),
  body,
};

const end = (attempt: number) => ({
  attempt,
  outputBytes: 5,
  receipt: {
    version: 1 as const,
    order: sampleTransactions[2] as (typeof sampleTransactions)[0],
    task: sampleTask,
    proof: sampleProof,
    path: { siblings: [sampleDigest(70)], other: null },
    header: sampleHeader,
    certificate: sampleCertificate,
    handOver: [],
  },
});
const ends = { parts: [end(0), end(2)], reduce: end(1) };

export const sampleJobReceipt: JobReceipt = {
  version: 1,
  job: sampleJob,
  ...ends,
  root: jobReceiptRoot(ends),
  handOver: [sampleHandOver],
};
