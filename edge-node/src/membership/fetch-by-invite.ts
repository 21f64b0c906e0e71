import {
  deriveSeed,
  keyPairFromSecret,
  type SecretBundle,
  x25519PublicKey,
} from "@meshwork/crypto";
import { type Clock, CodedError, messageOf, type Random, sleep } from "@meshwork/foundation";
import { createMetrics, type Log } from "@meshwork/observability";
import { createIdentity, createP2p, type P2p } from "@meshwork/p2p";
import {
  chainIdOf,
  type Genesis,
  genesis as genesisWire,
  type Invite,
  requestNames,
} from "@meshwork/protocol";

export class JoinError extends CodedError<"GENESIS_NOT_FOUND"> {}

const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 100;

/** Asks the relays of an invite for the genesis whose hash the invite names. */
export async function fetchByInvite(
  parts: { clock: Clock; random: Random; log: Log },
  invite: Invite,
  secrets: SecretBundle,
): Promise<Genesis> {
  // These connections are not the node's: they end before it begins.
  const metrics = createMetrics({ processMetrics: false });
  const p2p = await createP2p(
    { ...parts, metrics, identity: strangersIdentity(parts, invite, secrets) },
    { listen: [], relays: invite.relays },
  );
  try {
    await p2p.start();
    return await askRelays(p2p, parts.clock, invite);
  } finally {
    await p2p.stop();
  }
}

async function askRelays(p2p: P2p, clock: Clock, invite: Invite): Promise<Genesis> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let reason = "no relay answered";
  while (!patience.aborted) {
    for (const relay of p2p.peers.connected()) {
      try {
        const bytes = await p2p.messaging.request(relay, requestNames.genesis, new Uint8Array(0), {
          timeoutMs: 5_000,
        });
        const genesis = genesisWire.decode(bytes);
        if (chainIdOf(genesis) === invite.chainId) return genesis;
        reason = `${relay} gave the genesis of another network`;
      } catch (error) {
        reason = messageOf(error);
      }
    }
    await sleep(clock, LOOK_EVERY_MS);
  }
  throw new JoinError(
    "GENESIS_NOT_FOUND",
    `no relay of the invite (${invite.relays.join(", ")}) gave the network's genesis: ${reason}. Ask whether it is up, or for a new invite`,
  );
}

const strangersIdentity = (
  { clock }: { clock: Clock },
  { chainId }: Invite,
  { identitySecret, keyVersion, nodeId }: SecretBundle,
) =>
  createIdentity(
    { clock },
    {
      chainId,
      keyPair: keyPairFromSecret(identitySecret),
      keyVersion,
      ...(nodeId === undefined ? {} : { nodeId }),
      roles: ["worker"],
      region: "unknown",
      sealKey: x25519PublicKey(deriveSeed(identitySecret, "sealing", keyVersion)),
      software: "meshwork",
    },
  );
