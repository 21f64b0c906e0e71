import type { Digest, NodeId } from "@meshwork/foundation";
import type { Envelope } from "@meshwork/protocol";

/** A message that passed every check, with its proof for a third party. */
export interface Message {
  readonly from: NodeId;
  readonly id: Digest;
  readonly payload: Uint8Array;
  /** Shows with `payload` that `from` sent this: `verifyEnvelope`. */
  readonly envelope: Envelope;
}

/** What a handler makes of a message. Only `reject` costs the sender: he must have known better. */
export type Verdict = "accept" | "ignore" | "reject";

/** No verdict is `accept`. What a handler throws is told to the sender by its code. */
export interface StreamHandlers {
  /** In order per sender and stream; the next waits until this one's promise settles. */
  onSend?: (message: Message) => Promise<Verdict | undefined> | Verdict | undefined;
  /** Requests run beside each other. The result is the reply's payload. */
  onRequest?: (message: Message) => Promise<Uint8Array> | Uint8Array;
}
