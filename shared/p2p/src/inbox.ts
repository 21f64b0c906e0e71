import { CodedError, codeOf, type Digest, messageOf, type NodeId } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import type { Envelope } from "@meshwork/protocol";
import { type CheckEnvelope, isForgery } from "./check-envelope.ts";
import { P2pError } from "./errors.ts";
import type { Message, StreamHandlers } from "./message.ts";
import type { MessageFrame } from "./message-frame.ts";
import { RequestInbox } from "./request-inbox.ts";
import { SendInbox } from "./send-inbox.ts";

export interface InboxParts {
  check: CheckEnvelope;
  /** By the link, unsigned: what became of a message. */
  tell: (nodeId: NodeId, frame: MessageFrame) => void;
  /** Signed. */
  reply: (request: Message, payload: Uint8Array) => void;
  /** A checked reply to a request of this node. */
  onReply: (reply: Message, inReplyTo: Digest) => void;
  penalise: (nodeId: NodeId, code: string) => void;
  log: Log;
  metrics: Metrics;
}

export interface Inbox {
  /** The result ends it. */
  handle(stream: string, handlers: StreamHandlers): () => void;
  /** What came over the link of `nodeId`. */
  take(nodeId: NodeId, envelope: Envelope, payload: Uint8Array): void;
}

export function createInbox(parts: InboxParts): Inbox {
  const handlers = new Map<string, StreamHandlers>();
  const refusals = refuser(parts);
  const answers = {
    ...refusals,
    reply: parts.reply,
    delivered: ({ from, id }: Message) => parts.tell(from, { kind: "delivered", id }),
    held: ({ from, id }: Message) => parts.tell(from, { kind: "held", id }),
  };
  const sends = new SendInbox(answers);
  const requests = new RequestInbox(answers);

  const dispatch = (message: Message) => {
    const { kind, stream, inReplyTo } = message.envelope.header;
    const { onSend, onRequest } = handlers.get(stream) ?? {};
    if (kind === "reply" && inReplyTo !== null) parts.onReply(message, inReplyTo);
    else if (kind === "send" && onSend) sends.take(message, onSend);
    else if (kind === "request" && onRequest) requests.take(message, onRequest);
    else refusals.refuse(message, noHandler(kind, stream));
  };

  return {
    handle(stream, added) {
      if (handlers.has(stream)) throw new TypeError(`${stream} is handled already`);
      handlers.set(stream, added);
      return () => handlers.delete(stream);
    },
    take(nodeId, envelope, payload) {
      const { id } = envelope.header;
      const message = { from: nodeId, id, payload, envelope };
      const code = parts.check(envelope, payload, { via: "channel", nodeId });
      if (code === null) dispatch(message);
      else refusals.refuse(message, new P2pError(code, `the envelope was refused: ${code}`));
    },
  };
}

/** Counts a refusal, tells it to the sender, and holds it against him if it was one. */
function refuser({ tell, penalise, log, metrics }: InboxParts) {
  const refused = metrics.counter({
    name: "messages_refused",
    help: "Messages of other nodes that were not delivered, by code.",
    labels: ["code"],
  });
  return {
    refuse({ from, id, envelope }: Message, cause: unknown): void {
      const error = toldError(cause);
      refused.add(1, { code: error instanceof P2pError ? error.code : "HANDLER" });
      const { stream } = envelope.header;
      if (error !== cause) log.error("handler failed", { from, stream, error: cause });
      else log.debug("message refused", { from, stream, code: error.code });
      if (isForgery(error.code) || error.code === "HANDLER_REJECTED") penalise(from, error.code);
      tell(from, { kind: "refused", id, code: error.code, reason: messageOf(error).slice(0, 512) });
    },
    countReplay: () => refused.add(1, { code: "ENVELOPE_REPLAYED" }),
  };
}

/** A coded error is meant for the sender; any other is a fault here, of which he learns no more. */
function toldError(cause: unknown): CodedError {
  if (cause instanceof CodedError && /^[A-Z][A-Z0-9_]{0,63}$/.test(codeOf(cause))) return cause;
  return new P2pError("HANDLER_FAILED", "the receiver's handler failed: it has logged why");
}

const noHandler = (kind: string, stream: string) =>
  new P2pError("NO_HANDLER", `this node takes no ${kind} on ${stream}: its role may be another`);
