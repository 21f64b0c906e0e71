import { type KeyPair, nodeIdOf } from "@meshwork/crypto";
import {
  type ChainId,
  type Clock,
  type ContentId,
  type Digest,
  limits,
  type NodeId,
  type OrderId,
  type Points,
  type Random,
  toHex,
} from "@meshwork/foundation";
import {
  type ContentRef,
  type Contract,
  contractHash,
  type Deadlines,
  type InputRef,
  signTransaction,
  type TaskOrder,
  type Transaction,
  transactionIdOf,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import type { z } from "zod";
import type { Task } from "./define-task.ts";
import { UploadedFile } from "./files.ts";
import type { RawInput } from "./several-inputs.ts";

/** All that a submit sends: the signed order, what it commits to, and the bytes that are named. */
export interface BuiltOrder {
  orderId: OrderId;
  transaction: Transaction;
  contract: Contract;
  blind: Digest;
  objects: ReadonlyMap<ContentId, Uint8Array>;
}

export interface OrderMaker {
  chainId: ChainId;
  /** The node behind the API to which the order goes. */
  gateway: NodeId;
  keyPair: KeyPair;
  /** @default the name of the key: right until its first rotation */
  account?: NodeId | undefined;
  clock: Clock;
  random: Random;
}

/** Long enough for a slow upload and a retry; a nonce is remembered for as long. */
const ORDER_LIFETIME_MS = 10 * 60_000;

export function buildOrder(
  maker: OrderMaker,
  task: Task<z.ZodType, z.ZodType>,
  given: readonly RawInput[],
): BuiltOrder {
  const inputs = given.map((input) =>
    input instanceof UploadedFile ? { ...input } : refOf(input),
  );
  const contract = contractFor(task, inputs);
  const blind = toHex(maker.random.bytes(32)) as Digest;
  const deadlines = withTimeToFetch(task.deadlines, inputs);
  const transaction = signOrder(maker, { ...task, deadlines }, contractHash(contract, blind));
  return {
    orderId: transactionIdOf(transaction.unsigned) as string as OrderId,
    transaction,
    contract,
    blind,
    objects: new Map([
      [contract.program.contentId, task.program],
      ...task.terms.objects,
      ...given.flatMap((input) =>
        input instanceof UploadedFile ? [] : [[contentIdOf(input), input] as const],
      ),
    ]),
  };
}

/** Whoever is called brings the data before he says yes; workers, then verifiers. */
export function withTimeToFetch(deadlines: Deadlines, inputs: readonly InputRef[]): Deadlines {
  const bytes = inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const fetchMs = Math.floor((1_000 * bytes) / limits.fileBytesPerSecond);
  const { matchMs, runMs, deliverMs } = deadlines;
  return { matchMs: matchMs + fetchMs, runMs: runMs + fetchMs, deliverMs: deliverMs + fetchMs };
}

/** What a task computes on these inputs. */
export const contractFor = (
  task: Task<z.ZodType, z.ZodType>,
  inputs: Contract["inputs"],
): Contract => ({
  runtime: task.runtime,
  program: refOf(task.program),
  inputs,
  limits: task.limits,
  comparator: task.terms.comparator,
  outside: task.terms.outside,
  rubric: task.terms.rubric,
});

export const orderFor = (
  { gateway }: Pick<OrderMaker, "gateway">,
  task: Task<z.ZodType, z.ZodType>,
  hash: Digest,
): TaskOrder => ({
  contractHash: hash,
  gateway,
  policy: task.policy,
  priority: task.priority,
  deadlines: task.deadlines,
  priceCeiling: task.priceCeiling as Points,
  maxFuel: task.limits.fuel,
  work: task.terms.work,
  placement: { ...task.placement, runtime: task.runtime },
});

function signOrder(maker: OrderMaker, task: Task<z.ZodType, z.ZodType>, hash: Digest): Transaction {
  const { chainId, keyPair, account, clock, random } = maker;
  return signTransaction(keyPair, {
    chainId,
    sender: account ?? nodeIdOf(keyPair.publicKey),
    nonce: new DataView(random.bytes(8).buffer).getBigUint64(0),
    notAfter: clock.now() + ORDER_LIFETIME_MS,
    body: { kind: "submit", order: orderFor(maker, task, hash) },
  });
}

const refOf = (bytes: Uint8Array): ContentRef => ({
  contentId: contentIdOf(bytes),
  sizeBytes: bytes.length,
});
