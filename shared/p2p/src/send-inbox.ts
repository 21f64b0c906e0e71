import { OrderedArrivals } from "./arrivals.ts";
import { P2pError } from "./errors.ts";
import type { Message, StreamHandlers } from "./message.ts";
import { Numberings } from "./numberings.ts";

export interface SendInboxParts {
  delivered: (message: Message) => void;
  held: (message: Message) => void;
  refuse: (message: Message, error: unknown) => void;
  countReplay: () => void;
}

/** Delivers each `send` once and in order, and says so to its sender, as often as he asks. */
export class SendInbox {
  readonly #parts: SendInboxParts;
  readonly #numberings = new Numberings<OrderedArrivals<Message>>();

  constructor(parts: SendInboxParts) {
    this.#parts = parts;
  }

  take(message: Message, onSend: NonNullable<StreamHandlers["onSend"]>): void {
    const arrivals = this.#numberings.of(
      message,
      (settled) => new OrderedArrivals(settled, (next) => this.#deliver(next, onSend)),
    );
    const offer = arrivals.offer(message.envelope.header, message);
    if (offer === "held") this.#parts.held(message);
    if (offer === "busy") this.#parts.refuse(message, tooMany());
    if (offer === "duplicate") {
      this.#parts.countReplay();
      this.#parts.delivered(message);
    }
  }

  async #deliver(message: Message, onSend: NonNullable<StreamHandlers["onSend"]>): Promise<void> {
    try {
      if ((await onSend(message)) === "reject") throw rejected();
      this.#parts.delivered(message);
    } catch (error) {
      this.#parts.refuse(message, error);
    }
  }
}

const tooMany = () =>
  new P2pError("BUSY", "too many messages wait for an earlier one of this stream: try again later");

const rejected = () =>
  new P2pError("HANDLER_REJECTED", "the message breaks the rules of its stream: do not repeat it");
