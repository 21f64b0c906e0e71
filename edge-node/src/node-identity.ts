import {
  deriveSeed,
  keyPairFromSecret,
  type SecretBundle,
  x25519PublicKey,
} from "@meshwork/crypto";
import type { Clock } from "@meshwork/foundation";
import { createIdentity, type Identity } from "@meshwork/p2p";
import { chainIdOf, type Genesis } from "@meshwork/protocol";

/** Name and version, for those who debug a network. */
const SOFTWARE = "meshwork/0.1.0";

/** Who this node is on the network, from its keystore and the network's genesis. */
export function nodeIdentity(
  { clock }: { clock: Clock },
  options: { secrets: SecretBundle; genesis: Genesis; region: string; role: "edge" | "gateway" },
): Identity {
  const { secrets, genesis, region, role } = options;
  return createIdentity(
    { clock },
    {
      chainId: chainIdOf(genesis),
      keyPair: keyPairFromSecret(secrets.identitySecret),
      keyVersion: secrets.keyVersion,
      ...(secrets.nodeId === undefined ? {} : { nodeId: secrets.nodeId }),
      roles: role === "edge" ? ["worker", "validator"] : ["gateway"],
      region,
      sealKey: x25519PublicKey(deriveSeed(secrets.identitySecret, "sealing", secrets.keyVersion)),
      software: SOFTWARE,
    },
  );
}

/** What the secrets of the node's tasks derive from; see `task-secrets`. */
export const taskRoot = ({ identitySecret, keyVersion }: SecretBundle): Uint8Array =>
  deriveSeed(identitySecret, "tasks", keyVersion);
