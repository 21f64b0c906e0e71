import { sealBytes } from "@meshwork/crypto";
import {
  type ContentId,
  type Digest,
  fromHex,
  limits,
  type NodeId,
  type OrderId,
} from "@meshwork/foundation";
import {
  type Contract,
  contentOf,
  contractFlaw,
  contractHash,
  type Dispatch,
  type InputRef,
  isFileId,
  isInputSize,
  type Transaction,
  transactionIdOf,
} from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { fileMap } from "../data/file-map.ts";
import type { Files } from "../data/files.ts";
import type { DispatchBook } from "../mail/dispatch-book.ts";
import type { Blobs, TaskLedger } from "../ports.ts";
import type { TaskSecrets } from "../task-secrets.ts";
import { OrderError } from "./order-error.ts";

export interface PlacedOrder {
  /** The requester's signed `submit`; its id is the order's. */
  transaction: Transaction;
  contract: Contract;
  blind: Digest;
  /** Plaintext: the program, then each input, in the contract's order; null for a file, which was brought before. */
  objects: readonly (Uint8Array | null)[];
}

export interface PlaceOrderParts {
  ledger: Pick<TaskLedger, "chainId">;
  blobs: Blobs;
  /** What requesters have brought. */
  files: Pick<Files, "mapOf">;
  dispatches: DispatchBook;
  secrets: TaskSecrets;
  /** Hands a signed transaction in; resolves when it is final, rejects with the ledger's refusal. */
  submit(transaction: Transaction, signal: AbortSignal): Promise<unknown>;
}

/**
 * Step 1 and 2 of the road: takes an order, stores its data sealed, and puts it on the ledger. What
 * the drawn nodes will need is durable before the ledger knows of the order, so that an order that
 * was acknowledged can be run whatever happens to this process. The same order again is the same task.
 */
export async function placeOrder(
  parts: PlaceOrderParts,
  order: PlacedOrder,
  signal: AbortSignal,
): Promise<OrderId> {
  const orderId = checkOrder(parts.ledger, order);
  checkObjects(order);
  await parts.dispatches.put(await sealObjects(parts, orderId, order));
  await parts.submit(order.transaction, signal);
  return orderId;
}

function checkOrder(
  ledger: Pick<TaskLedger, "chainId">,
  { transaction, contract, blind }: PlacedOrder,
): OrderId {
  const { body, chainId } = transaction.unsigned;
  if (body.kind !== "submit" && body.kind !== "part") {
    throw new OrderError(
      "ORDER_NOT_A_SUBMIT",
      `an order is a transaction of kind submit, or part of a job, not ${body.kind}`,
    );
  }
  if (chainId !== ledger.chainId) {
    throw new OrderError(
      "ORDER_WRONG_NETWORK",
      `the order is signed for network ${chainId}, this is ${ledger.chainId}: sign it for this one`,
    );
  }
  const hash = contractHash(contract, blind);
  const named = body.kind === "submit" ? body.order.contractHash : body.contractHash;
  if (hash !== named) {
    throw new OrderError(
      "CONTRACT_HASH_MISMATCH",
      `the contract and blind hash to ${hash}, but the order names ${named}`,
    );
  }
  const { work } = body.kind === "submit" ? body.order : body.mandate.order;
  const flaw = contractFlaw(contract, work);
  if (flaw !== null)
    throw new OrderError("CONTRACT_FLAWED", `no node would take this order: ${flaw}`);
  return transactionIdOf(transaction.unsigned) as string as OrderId;
}

const nameOf = ({ inputs }: Contract, index: number): string => {
  if (index === 0) return "the program";
  return index <= inputs.length ? `input ${index - 1}` : "the comparator or rubric";
};

function checkObjects({ contract, objects }: PlacedOrder): void {
  const named: InputRef[] = contentOf(contract);
  named.forEach((ref, i) => {
    const { contentId, sizeBytes } = ref;
    const bytes = objects[i];
    const what = nameOf(contract, i);
    if (!isInputSize(ref))
      throw new OrderError(
        "INPUT_SIZE_WRONG",
        `${what} (${contentId}) cannot have ${sizeBytes} bytes: a file has more than a chunk, and an object at most ${limits.inputBytes}`,
      );
    if (isFileId(contentId)) return;
    if (bytes === undefined || bytes === null)
      throw new OrderError(
        "OBJECT_MISSING",
        `${what} (${contentId}) was not uploaded: upload it, then place the order`,
      );
    const found = contentIdOf(bytes);
    if (found !== contentId || bytes.length !== sizeBytes) {
      throw new OrderError(
        "OBJECT_HASH_MISMATCH",
        `${what} is ${found} with ${bytes.length} bytes, but the contract names ${contentId} with ${sizeBytes}`,
      );
    }
  });
}

/** Who pays, and whose data it is: a part of a job is placed for him by his gateway. */
const requesterOf = ({ unsigned: { sender, body } }: Transaction): NodeId =>
  body.kind === "part" ? body.mandate.requester : sender;

async function sealObjects(
  parts: PlaceOrderParts,
  orderId: OrderId,
  order: PlacedOrder,
): Promise<Dispatch> {
  const { contract, blind, objects } = order;
  const dataKey = parts.secrets("data-key", orderId, 0);
  const account = requesterOf(order.transaction);
  const seal = (bytes: Uint8Array): Promise<ContentId> =>
    parts.blobs.put(sealBytes(fromHex(dataKey), bytes), { orderId });
  const named: InputRef[] = contentOf(contract);
  const sealed = await Promise.all(
    named.map(async ({ contentId: plain }, i) => {
      // A file lies sealed already: the order's key opens its map, and the map its chunks.
      const bytes = isFileId(plain)
        ? fileMap.encode(parts.files.mapOf({ account, id: plain }))
        : (objects[i] as Uint8Array);
      return { plain, sealed: await seal(bytes) };
    }),
  );
  return { kind: "dispatch", orderId, contract, blind, dataKey, sealed };
}
