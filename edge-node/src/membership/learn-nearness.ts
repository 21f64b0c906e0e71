import { type Clock, codeOf, every, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { P2p } from "@meshwork/p2p";
import { requestNames, type SignedNearness, signedNearness } from "@meshwork/protocol";

export interface NearnessParts {
  me: NodeId;
  messaging: Pick<P2p["messaging"], "handle" | "request">;
  peers: Pick<P2p["peers"], "connected">;
  book: Pick<P2p["book"], "of">;
  clock: Clock;
  log: Log;
}

/** Where this node stands, by the word of the relay that it is nearest to; null while none has measured. */
export interface Whereabouts {
  readonly nearness: SignedNearness | null;
}

/** Until the first word; the relays are connected some moments after the start. */
const FIRST_MS = 2_000;
const AGAIN_MS = 600_000;
/** The ledger takes a word for an hour: what might be refused is not offered. */
const FRESH_MS = 1_800_000;
/** Beyond these the nearest is hardly nearer. */
const RELAYS_ASKED = 3;

/** Lets itself be measured, and asks the relays from time to time what they have found. */
export function learnNearness(parts: NearnessParts, signal: AbortSignal): Whereabouts {
  const { messaging, clock } = parts;
  messaging.handle(requestNames.probe, {
    // What is sent back is no more than what came, and at most this.
    onRequest: ({ payload }) => payload.subarray(0, 64),
  });
  let nearness: SignedNearness | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  const stop = every(clock, FIRST_MS, async () => {
    if (nearness !== null && clock.monotonic() - askedAt < AGAIN_MS) return;
    askedAt = clock.monotonic();
    nearness = nearestOf(await askRelays(parts, signal)) ?? nearness;
  });
  signal.addEventListener("abort", stop, { once: true });
  return {
    get nearness() {
      const isFresh = nearness !== null && clock.now() - nearness.body.time < FRESH_MS;
      return isFresh ? nearness : null;
    },
  };
}

const nearestOf = (words: readonly SignedNearness[]): SignedNearness | null =>
  words.toSorted((a, b) => a.body.latencyClass - b.body.latencyClass)[0] ?? null;

async function askRelays(
  { me, messaging, peers, book, log }: NearnessParts,
  signal: AbortSignal,
): Promise<SignedNearness[]> {
  const isRelay = (peer: NodeId) => book.of(peer)?.unsigned.roles.includes("relay") ?? false;
  const relays = peers.connected().filter(isRelay).slice(0, RELAYS_ASKED);
  const ask = async (relay: NodeId): Promise<SignedNearness[]> => {
    try {
      const answer = await messaging.request(relay, requestNames.nearness, new Uint8Array(0), {
        signal,
      });
      const word = signedNearness.decode(answer);
      // The ledger looks at the rest; a relay that speaks of another would cost a renewal.
      return word.body.node === me && word.body.by === relay ? [word] : [];
    } catch (error) {
      if (!signal.aborted)
        log.debug("a relay has not measured this node", { relay, code: codeOf(error) });
      return [];
    }
  };
  return (await Promise.all(relays.map(ask))).flat();
}
