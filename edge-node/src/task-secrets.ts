import { createHmac } from "node:crypto";
import { type Digest, fromHex, type OrderId, toHex, utf8 } from "@meshwork/foundation";

/**
 * The secrets of one task on one node: the key of its data, a worker's salt and output key, a
 * verifier's seed. They are
 * derived from a secret of the node, not drawn, so that a node that crashed and runs the task again
 * makes the same commitment again and nothing has to be stored before it is shown. Revealing one
 * tells nothing about another: each is a fresh value of a pseudo-random function.
 */
export type TaskSecrets = (
  purpose: "data-key" | "salt" | "output-key" | "seed",
  orderId: OrderId,
  attempt: number,
) => Digest;

/** @param root 32 secret bytes that serve nothing else. */
export const createTaskSecrets =
  (root: Uint8Array): TaskSecrets =>
  (purpose, orderId, attempt) =>
    toHex(
      createHmac("sm3", root)
        .update(utf8(`meshwork/task-${purpose}/1`))
        .update(fromHex(orderId))
        .update(new Uint8Array([attempt]))
        .digest(),
    ) as Digest;
