import {
  type ChainId,
  type Clock,
  type Digest,
  type FileId,
  type NodeId,
  type OrderId,
  type Random,
  systemClock,
  systemRandom,
} from "@meshwork/foundation";
import {
  chainIdOf,
  type Genesis,
  type Transaction,
  transaction as transactionWire,
} from "@meshwork/protocol";
import type { z } from "zod";
import { toBase64 } from "../base64.ts";
import type { JobState } from "../job-views.ts";
import type { quote, quoteWish, TaskState } from "../views.ts";
import { buildJob } from "./build-job.ts";
import { buildOrder } from "./build-order.ts";
import type { Task } from "./define-task.ts";
import { coded, type Door, openDoor } from "./door.ts";
import { fetchReceipt, fetchResult, type TaskResult } from "./fetch-result.ts";
import {
  broughtIfLarge,
  type FileSink,
  type FileSource,
  findFile,
  getFile,
  putFile,
  type TransferOptions,
  UploadedFile,
} from "./files.ts";
import { type KeySource, openKey } from "./open-key.ts";
import { revokeJob } from "./revoke-job.ts";
import { fetchJobReceipt, followJob, type JobResult, submitJob, watchJob } from "./run-job.ts";
import { followToResult, type RunOptions, type RunResult } from "./run-task.ts";
import { type RawInput, rawInputs, type SeveralInputs } from "./several-inputs.ts";
import type { Fetch } from "./signed-fetch.ts";
import { submitOrder } from "./submit-order.ts";
import { watchTask } from "./watch-task.ts";

export interface MeshworkOptions {
  /** Of the API, without a path. */
  url: string;
  /** Of the account that pays and that the results are for. */
  key: KeySource;
  /** Whose key it is. @default the account that bears the key's name: right until its first rotation */
  account?: NodeId;
  /** The network that is meant; another is refused. @default whichever the API serves */
  chainId?: ChainId;
  /** Instead of `chainId`: the network, and the root of trust by which `run` checks receipts. */
  genesis?: Genesis;
  /** @default the system's */
  clock?: Clock;
  random?: Random;
  fetch?: Fetch;
}

export interface Meshwork {
  /** Submits, follows, and returns the output that was checked; throws the coded error of any other end. */
  run<Input extends z.ZodType, Output extends z.ZodType>(
    task: Task<Input, Output>,
    input: z.input<Input> | UploadedFile | SeveralInputs,
    options?: RunOptions,
  ): Promise<RunResult<z.output<Output>>>;
  /** Resolves when the order stands on the ledger. */
  submit<Input extends z.ZodType>(
    task: Task<Input, z.ZodType>,
    input: z.input<Input> | UploadedFile | SeveralInputs,
    options?: { signal?: AbortSignal },
  ): Promise<OrderId>;
  /**
   * Brings an input of more than a MiB, up to 4 GiB, chunk by chunk: memory does not grow with it, and what an earlier
   * try has brought is not sent again. What it gives goes to `run` or `submit` in place of the input.
   */
  putFile(source: FileSource, options?: TransferOptions): Promise<UploadedFile>;
  /** Fetches it back, checked chunk by chunk; what the sink has already is not asked for again. */
  getFile(id: FileId, sink: FileSink, options?: TransferOptions): Promise<UploadedFile>;
  /** One that was brought before. */
  file(id: FileId): Promise<UploadedFile>;
  /** Every state until the last. */
  watch(orderId: OrderId, options?: { signal?: AbortSignal }): AsyncGenerator<TaskState>;
  /** @param options.unverified also one worker's word, before anybody has checked it. @default false */
  result(orderId: OrderId, options?: { unverified?: boolean }): Promise<TaskResult>;
  /** Canonical bytes; null before the task is done. */
  receipt(orderId: OrderId): Promise<Uint8Array | null>;
  /**
   * One program over many inputs, and a second one over what came out, as one job under one signature.
   * Resolves when all its data is there and it has begun.
   */
  map(plan: MapPlan, options?: { signal?: AbortSignal }): Promise<Digest>;
  /** Every view of a job until it is over; all its parts are in each. */
  watchJob(jobId: Digest, options?: { signal?: AbortSignal }): AsyncGenerator<JobState>;
  /** Follows it to its checked outputs; throws the coded error of any other end. */
  followJob(jobId: Digest, options?: FollowJobOptions): Promise<JobResult>;
  /** Canonical bytes; null before the job is done. */
  jobReceipt(jobId: Digest): Promise<Uint8Array | null>;
  /** Places no more of its orders, and revokes those that are open: gives the orders that it was too late for. */
  revokeJob(jobId: Digest): Promise<{ revoked: OrderId[]; tooLate: OrderId[] }>;
  /** The cheapest verification that keeps a risk; refused with `PLAN_INFEASIBLE` when none does. */
  quote(wish: z.input<typeof quoteWish>): Promise<z.output<typeof quote>>;
  /** The network behind the server: what is signed for it names it. */
  chainId(): Promise<ChainId>;
  /** Hands in what its signer says about his own identity, voucher or order; the height at which it stands. */
  transact(transaction: Transaction): Promise<number>;
  /** For what has no method here: nodes, accounts, network. */
  trpc(): Promise<Door["trpc"]>;
}

/** What is mapped, and how patiently. */
export interface MapPlan {
  map: Task<z.ZodType, z.ZodType>;
  /** Reads the outputs of all parts as its inputs, in order. @default none: they are the result */
  reduce?: Task<z.ZodType, z.ZodType> | null;
  /** One part each. */
  inputs: readonly unknown[];
  /** How often a part is ordered that ends without a verdict. @default 2 */
  attempts?: number;
  /** Parts that may be missing from the result. @default 0 */
  maxFailures?: number;
}

export interface FollowJobOptions {
  onState?: (state: JobState) => void;
  signal?: AbortSignal;
}

/** Reads the key and asks the server for its network upon the first call, once. */
export function createMeshwork(options: MeshworkOptions): Meshwork {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const connect = once(async () => {
    const keyPair = await openKey(options.key);
    const { account } = options;
    const parts = { keyPair, account, clock, random, fetch: options.fetch ?? globalThis.fetch };
    const expected = options.genesis ? chainIdOf(options.genesis) : (options.chainId ?? null);
    const door = await openDoor(parts, { url: options.url, expected });
    const { chainId, gateway } = door;
    const genesis = options.genesis ?? null;
    return { keyPair, account, clock, random, door, chainId, gateway, genesis };
  });

  const submit: Meshwork["submit"] = async (task, input, { signal } = {}) => {
    // First: what does not fit the task costs nobody anything.
    const inputs = rawInputs(input) ?? [task.encodeInput(input as never)];
    const parts = await connect();
    const brought: RawInput[] = [];
    for (const bytes of inputs) brought.push(await broughtIfLarge(parts, bytes, signal));
    return submitOrder(parts, buildOrder(parts, task, brought), signal);
  };

  return {
    submit,
    async run(task, input, runOptions = {}) {
      const orderId = await submit(task, input, runOptions);
      return followToResult(await connect(), { orderId, task }, runOptions);
    },
    putFile: async (source, transfer) => putFile(await connect(), source, transfer),
    getFile: async (id, sink, transfer) => getFile(await connect(), id, sink, transfer),
    file: async (id) => findFile(await connect(), id),
    async *watch(orderId, watchOptions = {}) {
      for await (const { state } of watchTask(await connect(), orderId, watchOptions)) yield state;
    },
    result: async (orderId, { unverified = false } = {}) =>
      fetchResult(await connect(), orderId, { unverified }),
    receipt: async (orderId) => fetchReceipt(await connect(), orderId),
    async map({ map, reduce = null, inputs, attempts = 2, maxFailures = 0 }, { signal } = {}) {
      const encoded = inputs.map((input) =>
        input instanceof UploadedFile ? input : map.encodeInput(input),
      );
      const parts = await connect();
      const brought: (Uint8Array | UploadedFile)[] = [];
      for (const input of encoded) brought.push(await broughtIfLarge(parts, input, signal));
      const plan = { map, reduce, inputs: brought, attempts, maxFailures };
      return submitJob(parts, buildJob(parts, plan), signal);
    },
    async *watchJob(jobId, { signal } = {}) {
      yield* watchJob(await connect(), jobId, signal);
    },
    followJob: async (jobId, followOptions = {}) =>
      followJob(await connect(), jobId, followOptions),
    jobReceipt: async (jobId) => fetchJobReceipt(await connect(), jobId),
    revokeJob: async (jobId) => revokeJob(await connect(), jobId),
    quote: async (wish) => coded((await connect()).door.trpc.tasks.quote.query(wish)),
    chainId: async () => (await connect()).chainId,
    async transact(transaction) {
      const { trpc } = (await connect()).door;
      const text = toBase64(transactionWire.encode(transaction));
      return (await coded(trpc.accounts.transact.mutate({ transaction: text }))).height;
    },
    trpc: async () => (await connect()).door.trpc,
  };
}

/** A failure is not remembered: the next call tries again. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = null;
      throw error;
    });
    return made;
  };
}
