import { limits, type NodeId } from "@meshwork/foundation";
import { ReplayWindow } from "./arrivals.ts";
import { P2pError } from "./errors.ts";
import type { Message, StreamHandlers } from "./message.ts";
import { MAX_PAYLOAD_BYTES } from "./message-frame.ts";
import { Numberings } from "./numberings.ts";

export interface RequestInboxParts {
  /** Signs and sends the reply. */
  reply: (request: Message, payload: Uint8Array) => void;
  held: (message: Message) => void;
  refuse: (message: Message, error: unknown) => void;
  countReplay: () => void;
}

/** Runs each request once; who lost the reply with his link gets it again. */
export class RequestInbox {
  readonly #parts: RequestInboxParts;
  readonly #windows = new Numberings<ReplayWindow>();
  readonly #running = new Set<string>();
  readonly #loads = new Map<NodeId, { requests: number; bytes: number }>();
  readonly #replies = new Map<string, Uint8Array>();
  #repliesBytes = 0;

  constructor(parts: RequestInboxParts) {
    this.#parts = parts;
  }

  take(message: Message, onRequest: NonNullable<StreamHandlers["onRequest"]>): void {
    const window = this.#windows.of(message, () => new ReplayWindow());
    if (!this.#hasRoomFor(message)) this.#parts.refuse(message, tooMany());
    else if (window.admit(message.envelope.header.seq)) this.#run(message, onRequest);
    else this.#repeat(message);
  }

  #repeat(message: Message): void {
    this.#parts.countReplay();
    const reply = this.#replies.get(nameOf(message));
    if (this.#running.has(nameOf(message))) this.#parts.held(message);
    else if (reply) this.#parts.reply(message, reply);
    else this.#parts.refuse(message, replayed());
  }

  async #run(message: Message, onRequest: NonNullable<StreamHandlers["onRequest"]>): Promise<void> {
    this.#load(message, 1);
    this.#running.add(nameOf(message));
    try {
      const payload = await onRequest(message);
      if (payload.length > MAX_PAYLOAD_BYTES) throw tooLarge(payload.length);
      this.#keep(message, payload);
      this.#parts.reply(message, payload);
    } catch (error) {
      this.#parts.refuse(message, error);
    } finally {
      this.#running.delete(nameOf(message));
      this.#load(message, -1);
    }
  }

  #keep(message: Message, payload: Uint8Array): void {
    this.#forget(nameOf(message));
    this.#replies.set(nameOf(message), payload);
    this.#repliesBytes += payload.length;
    for (const oldest of this.#replies.keys()) {
      const fits = this.#repliesBytes <= limits.repliesKeptBytes;
      if (fits && this.#replies.size <= limits.repliesKept) break;
      this.#forget(oldest);
    }
  }

  #forget(name: string): void {
    this.#repliesBytes -= this.#replies.get(name)?.length ?? 0;
    this.#replies.delete(name);
  }

  #hasRoomFor({ from, payload }: Message): boolean {
    const { requests, bytes } = this.#loads.get(from) ?? { requests: 0, bytes: 0 };
    return (
      requests < limits.requestsPerPeer && bytes + payload.length <= limits.requestBytesPerPeer
    );
  }

  #load({ from, payload }: Message, sign: 1 | -1): void {
    const load = this.#loads.get(from) ?? { requests: 0, bytes: 0 };
    load.requests += sign;
    load.bytes += sign * payload.length;
    if (load.requests === 0) this.#loads.delete(from);
    else this.#loads.set(from, load);
  }
}

/** Ids are the senders' choice: two may choose the same. */
const nameOf = ({ from, id }: Message): string => `${from} ${id}`;

const tooLarge = (length: number) =>
  new P2pError(
    "PAYLOAD_TOO_LARGE",
    `the reply of ${length} bytes exceeds ${MAX_PAYLOAD_BYTES}: answer with its content address`,
  );

const tooMany = () =>
  new P2pError("BUSY", "too many of this peer's requests are under way here: try again later");

const replayed = () =>
  new P2pError("ENVELOPE_REPLAYED", "this request was answered before: make a new one");
