import { generateKeyPair } from "@meshwork/crypto";
import { type ChainId, type Key25519, systemClock, systemRandom } from "@meshwork/foundation";
import { createMetrics, silentLog } from "@meshwork/observability";
import { createIdentity, createP2p, type P2p } from "@meshwork/p2p";

/** Real connections on loopback, of a stranger with a key of his own. Not started yet. */
export function createTestP2p(
  chainId: ChainId,
  options: Partial<Parameters<typeof createP2p>[1]> = {},
): Promise<P2p> {
  const identity = createIdentity(
    { clock: systemClock },
    {
      chainId,
      keyPair: generateKeyPair(),
      roles: [options.relay ? "relay" : "worker"],
      region: "test",
      sealKey: "22".repeat(32) as Key25519,
      software: "test",
    },
  );
  const metrics = createMetrics({ processMetrics: false });
  return createP2p(
    { identity, clock: systemClock, random: systemRandom, log: silentLog, metrics },
    { listen: ["/ip4/127.0.0.1/tcp/0"], ...options },
  );
}
