import {
  type ChainId,
  chainId,
  digest,
  milliseconds,
  type NodeId,
  nodeId,
  orderId,
  type PublicKey,
  publicKey,
} from "@meshwork/foundation";
import {
  faultCode,
  networkPolicy,
  outcome,
  runtimeId,
  service,
  verificationPolicy,
} from "@meshwork/protocol";
import { z } from "zod";
import { bytesAsBase64 } from "./base64.ts";

/**
 * What the API shows, as one schema each: its input is what the gateway knows (bigint), its output
 * is what goes out as JSON. A field that is not named here does not leave the house.
 */

/** Points and fuel are decimal text in JSON: a double holds 2^53, an account more. */
export const decimal = z.bigint().transform(String);

const height = z.int().min(0);
const place = z.object({ node: nodeId, state: z.string() });
const seen = { orderId, workers: z.array(place), verifiers: z.array(place) };
const unverified = z.object({ worker: nodeId, resultHash: digest }).nullable();

/** The states of a task: edge-node's `follow-task` makes them. */
export const taskView = z.discriminatedUnion("kind", [
  z.object({ ...seen, kind: z.literal("pending") }),
  /** `queued`: all suitable nodes are busy; it is drawn in its turn. */
  z.object({ ...seen, kind: z.literal("submitted"), queued: z.boolean() }),
  z.object({
    ...seen,
    kind: z.literal("running"),
    progress: z.array(z.object({ worker: nodeId, stepsDone: z.int(), steps: z.int() })),
    result: unverified,
  }),
  z.object({ ...seen, kind: z.literal("closed"), result: unverified }),
  z.object({
    ...seen,
    kind: z.literal("audit"),
    mode: z.enum(["none", "segments", "full"]),
    result: unverified,
  }),
  z.object({
    ...seen,
    kind: z.literal("panel"),
    /** `appeal`: the task was done, and its verdict is doubted. */
    cause: z.enum(["disagreement", "silence", "appeal"]),
    panel: z.array(place),
    result: unverified,
  }),
  z.object({
    ...seen,
    kind: z.literal("done"),
    outcome,
    result: z.object({ resultHash: digest, fuel: decimal, fault: faultCode.nullable() }).nullable(),
    segments: z.object({ sampled: z.int(), of: z.int() }),
  }),
]);
export type TaskView = z.input<typeof taskView>;
/** The same as it arrives at a client. */
export type TaskState = z.output<typeof taskView>;

/** A result's three ways. */
export const taskResult = z.discriminatedUnion("kind", [
  /** Not concluded; and no worker's word either, or none was asked for. */
  z.object({ kind: z.literal("pending"), orderId, stage: z.string() }),
  /** One worker's word. Nobody has checked it. */
  z.object({
    kind: z.literal("unverified"),
    orderId,
    worker: nodeId,
    resultHash: digest,
    output: bytesAsBase64,
  }),
  z.object({
    kind: z.literal("concluded"),
    orderId,
    outcome,
    result: z.object({ resultHash: digest, fuel: decimal, fault: faultCode.nullable() }).nullable(),
    segments: z.object({ sampled: z.int(), of: z.int() }),
    /** Null when there is no result, or while its bytes are on their way here. */
    output: bytesAsBase64.nullable(),
  }),
]);

export const taskReceipt = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("pending"), orderId }),
  /** The canonical bytes of `protocol/receipt`, in base64. */
  z.object({ kind: z.literal("ready"), orderId, receipt: bytesAsBase64 }),
]);

const share = z.number().min(0).max(0.99);

/** How sure a requester wants to be, what he would pay for it, and what he believes of the others. */
export const quoteWish = z.strictObject({
  /** The chance of a wrong result, at most. */
  risk: z.number().gt(0).lt(1),
  /** Runs of the whole task on average, at most: the workers' and what verifiers run again. */
  maxCost: z.number().min(1).max(100),
  /** The most that one run may burn, in decimal. */
  fuel: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(BigInt),
  assumption: z
    .strictObject({ cheaters: share, newcomers: share, steps: z.int().min(1).max(100_000) })
    .partial()
    .default({}),
});
export type QuoteWish = z.infer<typeof quoteWish>;

export const quote = z.object({
  policy: verificationPolicy,
  risk: z.number(),
  cost: z.number(),
  /** What risk and cost follow from. Nobody can measure it. */
  assumption: z.object({ cheaters: z.number(), newcomers: z.number(), steps: z.int() }),
  /** What runs on all their fuel cost on average, and the least ceiling that the ledger takes. */
  price: decimal,
  priceCeiling: decimal,
});
export type Quote = z.input<typeof quote>;

const policyView = z.object({
  ...networkPolicy.shape,
  registerPrice: decimal,
  bond: decimal,
  submitPrice: decimal,
  pricePerGigafuel: decimal,
  cancelFee: decimal,
  acceptFee: decimal,
});

export const networkSummary = z.object({
  chainId,
  name: z.string(),
  /** The node behind this API: an order that is to be submitted here names it. */
  gateway: nodeId,
  /** Of the last final block, with its time. */
  height,
  time: milliseconds,
  /** Orders that wait for nodes to come free. */
  backlog: z.int().min(0),
  policy: policyView,
});
/** A schema's input knows no brands; what the door relies on has them. */
export type NetworkSummary = z.input<typeof networkSummary> & {
  chainId: ChainId;
  gateway: NodeId;
};

const proposalView = z.object({ policy: policyView, protocolVersion: z.int() });

/** What the network runs by, and what its seats want it to run by. */
export const governanceSummary = z.object({
  epoch: z.int().min(0),
  now: proposalView,
  /** In force from the next epoch on; null while the seats have not agreed. */
  adopted: proposalView.nullable(),
  /** What each seat of this epoch said last; null: nothing. */
  seats: z.array(z.object({ node: nodeId, wants: proposalView.nullable() })),
  /** So many must say the very same. */
  needed: z.int(),
});
export type GovernanceSummary = z.input<typeof governanceSummary>;

export const nodeSummary = z.object({
  nodeId,
  region: z.string(),
  runtimes: z.array(runtimeId),
  /** What it may ask the outside world for, on behalf of work that says so. */
  services: z.array(service),
  capacity: z.int(),
  /** 0 to 1: the lower quantile of the verdicts on the node's work. */
  reputation: z.number().min(0).max(1),
  /** Whether the next draw may pick it. */
  eligible: z.boolean(),
  /** Whether it sits in the committee of this epoch. */
  seated: z.boolean(),
});
export type NodeSummary = z.input<typeof nodeSummary>;

export const accountSummary = z.object({
  account: nodeId,
  /** The key in force: it signs orders and requests. */
  publicKey,
  points: decimal,
  /** Staked at the places that it holds. */
  bonded: decimal,
  /** Earned, and lost if it is caught before enough clean verdicts follow. */
  vesting: decimal,
  /** Of the transport key of its node; null: it runs none. */
  keyVersion: z.int().nullable(),
  /** Why it is dead for good; null: it lives. */
  barred: z.enum(["revoked", "equivocated"]).nullable(),
});
export type AccountSummary = z.input<typeof accountSummary> & {
  account: NodeId;
  publicKey: PublicKey;
};

/** One change of a purse or of reputation, and the rule that made it: the ledger's `why`. */
export const whyEntry = z.object({
  height,
  of: z.enum(["points", "bonded", "vesting", "reputation", "contribution"]),
  rule: z.string(),
  delta: decimal,
  /** The numbers that the rule looked at. */
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.bigint()]).transform(String)),
  /** The transaction, task or proof that is the reason. */
  evidence: digest,
});
export type WhyEntry = z.input<typeof whyEntry>;
