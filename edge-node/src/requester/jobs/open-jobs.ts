import { join } from "node:path";
import type { KeyPair } from "@meshwork/crypto";
import type { Digest, OrderId } from "@meshwork/foundation";
import { costOfSubmit } from "@meshwork/ledger";
import {
  type Job,
  type JobEnd,
  type JobReceipt,
  jobReceiptRoot,
  mandatedOrder,
  signTransaction,
} from "@meshwork/protocol";
import { contentIdOfDigest } from "@meshwork/storage";
import type { Chain } from "../../chain/store/chain.ts";
import type { Pins } from "../../data/pins.ts";
import { bareReceipt, handOversTo } from "../build-receipt.ts";
import type { Results } from "../collect-result.ts";
import type { Requester } from "../requester.ts";
import { type JobBook, type KeptJob, openJobBook } from "./job-book.ts";
import { openJobData } from "./job-data.ts";
import { createJobs, type Jobs, type JobsParts } from "./jobs.ts";

export interface OpenJobsParts extends Pick<JobsParts, "clock" | "log" | "ledger"> {
  keyPair: KeyPair;
  chain: Chain;
  pins: Pick<Pins, "pin" | "release">;
  results: Pick<Results, "get">;
  /** Of the node; jobs lie in `jobs` there. */
  folder: string;
}

/** The jobs of a gateway; those that an earlier process began go on at once. */
export async function openJobs(
  parts: OpenJobsParts,
  requester: Requester,
  signal: AbortSignal,
): Promise<Jobs> {
  const { chain, keyPair, pins, results } = parts;
  const folder = join(parts.folder, "jobs");
  const book = await openJobBook(join(folder, "book"));
  const jobs = await createJobs(
    {
      ...parts,
      book,
      data: await openJobData(folder),
      place: requester.place,
      output: requester.output,
      result: (id) => results.get(id),
      viewOrder: requester.view,
      sign: (unsigned) => signTransaction(keyPair, unsigned),
      receipt: (orderId) => bareReceipt(chain, orderId),
      pin: (jobId, resultHash) => pins.pin(ownerOf(jobId), contentIdOfDigest(resultHash)),
      release: (jobId) => pins.release(ownerOf(jobId)),
      purse: (job) => purseFor(chain, job),
      assemble: (kept) => assemble(chain, book, kept),
    },
    signal,
  );
  const stopListening = requester.onNews(jobs.onOrder);
  signal.addEventListener("abort", stopListening, { once: true });
  return jobs;
}

/** Pins are kept by who needs them; a job is named by a digest, as an order is. */
const ownerOf = (jobId: Digest): OrderId => jobId as string as OrderId;

function purseFor({ head: { state } }: Pick<Chain, "head">, { mandate }: Job) {
  const held = state.account(mandate.requester)?.points ?? 0n;
  const order = mandatedOrder(mandate, mandate.jobHash);
  return { held, each: costOfSubmit(state.policy, order) };
}

async function assemble(chain: Chain, book: JobBook, kept: KeptJob): Promise<JobReceipt> {
  const { jobId, job } = kept;
  const read = async (index: number): Promise<JobEnd> => {
    const end = await book.readEnd(jobId, index);
    if (end === null) throw new RangeError(`the end of part ${index} of job ${jobId} is damaged`);
    return end;
  };
  const parts: JobEnd[] = [];
  for (const index of job.body.inputs.keys()) parts.push(await read(index));
  const reduce = job.body.reduce === null ? null : await read(parts.length);
  const ends = reduce === null ? parts : [...parts, reduce];
  const newest = ends.reduce((a, b) => (b.receipt.header.epoch > a.receipt.header.epoch ? b : a));
  const handOver = await handOversTo(chain, newest.receipt.header);
  return { version: 1, job, parts, reduce, root: jobReceiptRoot({ parts, reduce }), handOver };
}
