import type { NodeId, OrderId } from "@meshwork/foundation";
import { type TaskMessage, taskMessage } from "@meshwork/protocol";
import type { TaskMail } from "../ports.ts";
import { createWatch } from "../watch.ts";
import { EarlyLetters, LetterBoxes } from "./letter-boxes.ts";

/** What the mail needs of `p2p/messaging`: signed, deduplicated delivery. */
export interface MailParts {
  send(to: NodeId, payload: Uint8Array): Promise<void>;
  /** The sender is told that his letter has come when the handler's promise resolves. */
  onMessage(handler: (from: NodeId, payload: Uint8Array) => Promise<void>): void;
  /** Whether this node and that one both have a part in the order, as the ledger stands here. */
  shareOrder(orderId: OrderId, from: NodeId): boolean;
}

/**
 * Keeps what has come about each order until somebody wants it: a reveal may arrive before this node
 * has seen the close. Only who has a part in an order is heard about it: order ids cost nothing to
 * make up, and a place in a task does.
 */
export function createTaskMail(
  parts: MailParts,
  options: { onLetter?: (letter: { from: NodeId; message: TaskMessage }) => Promise<void> } = {},
): TaskMail {
  const boxes = new LetterBoxes();
  const early = new EarlyLetters();
  const watch = createWatch<OrderId>();

  parts.onMessage(async (from, payload) => {
    const message = taskMessage.decode(payload);
    const orderId = message.kind === "attest" ? message.verdict.orderId : message.orderId;
    const letter = { from, message, sizeBytes: payload.length };
    if (!parts.shareOrder(orderId, from)) return early.keep(orderId, letter);
    if (!boxes.keep(orderId, letter)) return;
    watch.notify(orderId);
    await options.onLetter?.({ from, message });
  });

  const lettersOf = (orderId: OrderId) => [
    ...early.of(orderId).filter(({ from }) => parts.shareOrder(orderId, from)),
    ...boxes.of(orderId),
  ];

  return {
    send: (to, message) => parts.send(to, taskMessage.encode(message)),
    received: (orderId, kind) =>
      lettersOf(orderId).filter(({ message }) => message.kind === kind) as never,
    until: (orderId, probe, signal) => watch.until(orderId, probe, signal),
  };
}
