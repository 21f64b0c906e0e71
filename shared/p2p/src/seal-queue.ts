import type { KeyPair } from "@meshwork/crypto";
import { limits } from "@meshwork/foundation";
import { type Envelope, type EnvelopeHeader, sealEnvelopes } from "@meshwork/protocol";

/** Signs what is under way together at once: a signature costs a quarter of a millisecond. */
export interface SealQueue {
  seal(header: EnvelopeHeader): Promise<Envelope>;
}

/**
 * @param options.soon when to sign what has gathered. @default at the end of this turn of the event
 *   loop: a message alone waits for nothing else, and answers to one chunk of input go together
 */
export function createSealQueue(
  keyPair: KeyPair,
  options: { soon?: (flush: () => void) => void } = {},
): SealQueue {
  const soon = options.soon ?? setImmediate;
  const waiting: { header: EnvelopeHeader; resolve: (value: Envelope) => void }[] = [];

  const flush = () => {
    const batch = waiting.splice(0, limits.envelopesPerBatch);
    if (waiting.length > 0) soon(flush);
    const envelopes = sealEnvelopes(
      keyPair,
      batch.map(({ header }) => header),
    );
    for (const [i, value] of envelopes.entries()) batch[i]?.resolve(value);
  };
  return {
    seal: (header) =>
      new Promise((resolve) => {
        waiting.push({ header, resolve });
        if (waiting.length === 1) soon(flush);
      }),
  };
}
