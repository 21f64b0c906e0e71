import { limits, type NodeId, type OrderId } from "@meshwork/foundation";
import { type TaskMessage, taskMessage } from "@meshwork/protocol";
import type { TaskMail } from "../ports.ts";
import { createWatch } from "../watch.ts";

/** What the mail needs of `p2p/messaging`: signed, deduplicated delivery. */
export interface MailParts {
  send(to: NodeId, payload: Uint8Array): Promise<void>;
  onMessage(handler: (from: NodeId, payload: Uint8Array) => void): void;
}

interface Letter {
  from: NodeId;
  message: TaskMessage;
}

/**
 * Keeps what has come about each order until somebody wants it: a reveal may arrive before this node
 * has seen the close. Bounded by order, by sender, and in all; the oldest order is forgotten first.
 */
export function createTaskMail(
  parts: MailParts,
  options: { onLetter?: (letter: Letter) => void } = {},
): TaskMail {
  const boxes = new Map<OrderId, Letter[]>();
  const watch = createWatch<OrderId>();

  parts.onMessage((from, payload) => {
    const message = taskMessage.decode(payload);
    const orderId = message.kind === "attest" ? message.verdict.orderId : message.orderId;
    if (!keep(boxes, orderId, { from, message })) return;
    options.onLetter?.({ from, message });
    watch.notify(orderId);
  });

  return {
    send: (to, message) => parts.send(to, taskMessage.encode(message)),
    received: (orderId, kind) =>
      (boxes.get(orderId) ?? []).filter((letter) => letter.message.kind === kind) as never,
    until: (orderId, probe, signal) => watch.until(orderId, probe, signal),
  };
}

/** Whether the letter is kept: a sender who floods loses his own later letters, and nobody else's. */
function keep(boxes: Map<OrderId, Letter[]>, orderId: OrderId, letter: Letter): boolean {
  const box = boxes.get(orderId) ?? [];
  if (letter.message.kind === "progress") drop(box, letter);
  if (box.filter(({ from }) => from === letter.from).length >= limits.lettersPerSender)
    return false;
  box.push(letter);
  boxes.delete(orderId);
  boxes.set(orderId, box);
  for (const oldest of boxes.keys()) {
    if (boxes.size <= limits.orderBoxes) break;
    boxes.delete(oldest);
  }
  return true;
}

/** Of progress only the newest counts. */
function drop(box: Letter[], newer: Letter): void {
  const older = box.findIndex(
    ({ from, message }) => from === newer.from && message.kind === "progress",
  );
  if (older >= 0) box.splice(older, 1);
}
