import type { KeyPair } from "@meshwork/crypto";
import {
  BoundedMap,
  type ChainId,
  type Clock,
  limits,
  type NodeId,
  type Random,
  toHex,
} from "@meshwork/foundation";
import type { P2p } from "@meshwork/p2p";
import {
  latencyClassOf,
  type Nearness,
  requestNames,
  type SignedNearness,
  signedNearness,
  signNearness,
} from "@meshwork/protocol";

export interface NearnessParts {
  me: NodeId;
  chainId: ChainId;
  keyPair: KeyPair;
  messaging: Pick<P2p["messaging"], "handle" | "request">;
  clock: Clock;
  random: Random;
}

/** The fastest of them counts: a busy machine is no distance. */
const PROBES = 5;
const PROBE_MS = 2_000;
/** A node that asks again sooner gets the same word. */
const KEPT_MS = 60_000;

/**
 * Tells a node that asks how far from this relay it is: asks it for bytes that it cannot know
 * beforehand, takes the time, and signs the class that it falls in.
 */
export function measureNearness(parts: NearnessParts, region: string): void {
  const { me, chainId, keyPair, messaging, clock } = parts;
  const given = new BoundedMap<NodeId, { word: Promise<SignedNearness>; until: number }>(
    limits.sendersKept,
  );
  const measure = async (node: NodeId): Promise<SignedNearness> => {
    const latencyClass = latencyClassOf(await fastestProbe(parts, node));
    const body: Nearness = { chainId, node, by: me, region, latencyClass, time: clock.now() };
    return signNearness(keyPair, body);
  };
  const wordOn = (node: NodeId): Promise<SignedNearness> => {
    const known = given.get(node);
    if (known && known.until > clock.monotonic()) return known.word;
    const word = measure(node);
    given.set(node, { word, until: clock.monotonic() + KEPT_MS });
    return word;
  };
  messaging.handle(requestNames.nearness, {
    onRequest: async ({ from }) => signedNearness.encode(await wordOn(from)),
  });
}

async function fastestProbe(
  { messaging, clock, random }: Pick<NearnessParts, "messaging" | "clock" | "random">,
  node: NodeId,
): Promise<number> {
  let fastest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < PROBES; i++) {
    const question = random.bytes(16);
    const begun = clock.monotonic();
    const answer = await messaging
      .request(node, requestNames.probe, question, { timeoutMs: PROBE_MS })
      .catch(() => null);
    if (answer !== null && toHex(answer) === toHex(question))
      fastest = Math.min(fastest, clock.monotonic() - begun);
  }
  return fastest;
}
