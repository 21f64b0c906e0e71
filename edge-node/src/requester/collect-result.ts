import { openBytes, sha256Hex } from "@meshwork/crypto";
import {
  type ContentId,
  type Digest,
  fromHex,
  limits,
  type NodeId,
  type OrderId,
} from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { ObjectStore } from "@meshwork/storage";
import type { Blobs } from "../ports.ts";
import type { UnverifiedResult } from "./follow-task.ts";

export interface CollectParts {
  blobs: Pick<Blobs, "fetch">;
  results: Results;
  log: Log;
}

/**
 * Plaintext results by their hash, which stands on the ledger for all to read: so they lie apart from
 * what this node serves to whoever names an address.
 */
export type Results = Pick<ObjectStore, "put" | "get">;

/** What a worker says of his result: where it lies sealed, and the key that opens it. */
export interface Delivery {
  worker: NodeId;
  sealedOutput: ContentId;
  outputKey: Digest;
}

/**
 * Opens what workers deliver and keeps the plaintext by its hash, so that the result which the
 * ledger names later is at hand, also after a restart. Before the verdict it is one worker's word.
 */
export function createResultCollector(parts: CollectParts, signal: AbortSignal) {
  const first = new Map<OrderId, UnverifiedResult>();

  const open = async (orderId: OrderId, { worker, sealedOutput, outputKey }: Delivery) => {
    const sealed = await parts.blobs.fetch(sealedOutput, {
      hints: [worker],
      maxBytes: limits.outputBytes + limits.sealOverheadBytes,
      signal,
    });
    const plaintext = openBytes(fromHex(outputKey), sealed);
    if (plaintext === null) {
      parts.log.warn("a worker delivered a result that its key does not open", { orderId, worker });
      return;
    }
    await parts.results.put(plaintext);
    if (!first.has(orderId)) first.set(orderId, { worker, resultHash: sha256Hex(plaintext) });
  };

  return {
    /** The first result that came, unverified. */
    unverified: (orderId: OrderId): UnverifiedResult | null => first.get(orderId) ?? null,
    /** Resolves when the result is stored, or was found to be worthless. */
    async deliver(orderId: OrderId, delivery: Delivery): Promise<void> {
      try {
        await open(orderId, delivery);
      } catch (error) {
        parts.log.warn("a delivered result could not be fetched", {
          orderId,
          worker: delivery.worker,
          error,
        });
      }
    },
    forget: (orderId: OrderId) => first.delete(orderId),
  };
}
