import { type Clock, type ContentId, type NodeId, sleep } from "@meshwork/foundation";
import { snapshotOffer } from "./snapshot-offer.ts";

export interface GatherParts {
  /** Who may have a snapshot, as far as is known now. */
  candidates: () => readonly NodeId[];
  /** Asks one for its newest; rejects when he does not answer. */
  ask: (peer: NodeId) => Promise<Uint8Array>;
  clock: Clock;
}

export interface Offer {
  readonly manifest: ContentId;
  /** As the peers claim. */
  readonly height: number;
  readonly peers: readonly NodeId[];
}

/** Peers asked, and answers that are enough: a snapshot is as good as its proof, whoever has it. */
const ASKED = 16;
const ENOUGH = 3;
/** For connections to come up; and for more answers, once there is one. */
const PATIENCE_MS = 10_000;
const MORE_MS = 2_000;
const LOOK_EVERY_MS = 100;
const ASK_AGAIN_MS = 1_000;

/** What peers offer, the highest first. */
export async function gatherOffers({ candidates, ask, clock }: GatherParts): Promise<Offer[]> {
  const answers = new Map<NodeId, { manifest: ContentId; height: number } | null>();
  const notBefore = new Map<NodeId, number>();
  let end = clock.monotonic() + PATIENCE_MS;

  async function askOne(peer: NodeId): Promise<void> {
    notBefore.set(peer, Infinity);
    try {
      const offer = snapshotOffer.decode(await ask(peer));
      if (answers.size === 0) end = Math.min(end, clock.monotonic() + MORE_MS);
      answers.set(peer, offer.kind === "offer" ? offer : null);
    } catch {
      // Not up yet, or a relay, which keeps none.
      notBefore.set(peer, clock.monotonic() + ASK_AGAIN_MS);
    }
  }

  while (clock.monotonic() < end && answers.size < ENOUGH) {
    for (const peer of candidates()) {
      const isNew = !notBefore.has(peer);
      if (isNew && notBefore.size >= ASKED) continue;
      if (isNew || (notBefore.get(peer) ?? 0) <= clock.monotonic()) void askOne(peer);
    }
    await sleep(clock, LOOK_EVERY_MS);
  }
  return byManifest(answers);
}

function byManifest(answers: ReadonlyMap<NodeId, { manifest: ContentId; height: number } | null>) {
  const offers = new Map<ContentId, Offer>();
  for (const [peer, answer] of answers) {
    if (answer === null) continue;
    const { manifest, height } = answer;
    const peers = [...(offers.get(manifest)?.peers ?? []), peer];
    offers.set(manifest, { manifest, height, peers });
  }
  return [...offers.values()].sort((a, b) => b.height - a.height);
}
