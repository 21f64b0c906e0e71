import type { ContentId, Digest, FileId, NodeId, OrderId } from "@meshwork/foundation";
import type { Contract, Job, Transaction } from "@meshwork/protocol";
import type { z } from "zod";
import type { jobView } from "./job-views.ts";
import type {
  AccountSummary,
  GovernanceSummary,
  NetworkSummary,
  NodeSummary,
  Quote,
  QuoteWish,
  TaskView,
  WhyEntry,
} from "./views.ts";

/** All that the front door needs of the node behind it: an edge node in the role `gateway`. */
export interface Gateway {
  network(): NetworkSummary;
  governance(): GovernanceSummary;
  /** A policy for a risk that is wished, and what it costs. Throws a CodedError when none keeps both. */
  quote(wish: QuoteWish): Quote;
  /**
   * Stores the objects and puts the order on the ledger; resolves when it stands there. The same
   * order again is the same task. A CodedError is for the requester, who reads its message;
   * anything else is our own trouble, which he does not.
   */
  place(order: PlacedOrder, signal: AbortSignal): Promise<OrderId>;
  readonly files: GatewayFiles;
  readonly jobs: GatewayJobs;
  /** As of the last final block. Null: the ledger knows no such order. */
  task(orderId: OrderId): { requester: NodeId; view: TaskView } | null;
  /**
   * What the ledger changed after the event `after`, as far as it is known, then the present view,
   * then each change, until the task is done or `signal` aborts. Views are whole: who misses one
   * loses nothing but history. Ids come from the ledger (such as a height), so that they mean the
   * same after a restart; soft news, such as progress, repeats the last one.
   */
  watch(
    orderId: OrderId,
    options: { after: string | null; signal: AbortSignal },
  ): AsyncIterable<TaskEvent>;
  /** The plaintext of the concluded result; null while it is not at hand. */
  output(orderId: OrderId): Promise<Uint8Array | null>;
  /** The first that a worker delivered. */
  unverifiedOutput(orderId: OrderId): Promise<UnverifiedOutput | null>;
  /** Canonical bytes; null before the task is done. */
  receipt(orderId: OrderId): Promise<Uint8Array | null>;
  /** Hands in what somebody signed about his own identity or order; the height at which it stands. */
  transact(transaction: Transaction, signal: AbortSignal): Promise<number>;
  nodes(): readonly NodeSummary[];
  account(id: NodeId): AccountSummary | null;
  /** The last changes of an account, newest first. */
  why(id: NodeId): Promise<readonly WhyEntry[]>;
  /** Why it cannot serve now (for a balancer), or null. */
  unready(): string | null;
}

export interface OwnFile {
  account: NodeId;
  id: FileId;
}

/** Inputs that requesters bring in chunks. What a CodedError refuses, the requester reads. */
export interface GatewayFiles {
  /** Gives the numbers of the chunks that are not here yet. */
  announce(
    file: OwnFile,
    list: { sizeBytes: number; chunks: readonly Digest[] },
  ): Promise<number[]>;
  /** Durable when it resolves. */
  putChunk(file: OwnFile, index: number, chunk: Uint8Array): Promise<void>;
  list(file: OwnFile): { sizeBytes: number; chunks: Digest[] };
  chunk(file: OwnFile, index: number): Promise<Uint8Array>;
}

/** Jobs of many orders, which the gateway places for their requesters. What a CodedError refuses, the requester reads. */
export interface GatewayJobs {
  /** Takes of its data what `bring` has; says what is still missing. The same job again is the same job. */
  take(job: Job, bring: (id: ContentId) => Uint8Array | null): Promise<{ missing: ContentId[] }>;
  view(jobId: Digest): JobView | null;
  /** The present view and then every change, until the job is over. */
  watch(jobId: Digest, signal: AbortSignal): AsyncIterable<JobView>;
  /** Places no more orders. */
  revoke(jobId: Digest): Promise<void>;
  /** Canonical bytes; null before the job is done. */
  receipt(jobId: Digest): Promise<Uint8Array | null>;
}

export type JobView = z.input<typeof jobView> & { requester: NodeId };

export interface PlacedOrder {
  transaction: Transaction;
  contract: Contract;
  blind: Digest;
  /** Plaintext: the program, then each input, in the contract's order; null for a file. */
  objects: readonly (Uint8Array | null)[];
}

export interface TaskEvent {
  id: string;
  view: TaskView;
}

export interface UnverifiedOutput {
  worker: NodeId;
  resultHash: Digest;
  bytes: Uint8Array;
}
