import { importPrivatePem, type KeyPair, keyPairFromSecret, openKeystore } from "@meshwork/crypto";
import { messageOf } from "@meshwork/foundation";
import { ClientError } from "./client-error.ts";

/** The requester's key: itself, a PEM (as `openssl` writes it), or a keystore file. */
export type KeySource = KeyPair | { pem: string } | { keystore: string; passphrase: string };

export async function openKey(source: KeySource): Promise<KeyPair> {
  if ("privateKey" in source) return source;
  try {
    return "pem" in source
      ? importPrivatePem(source.pem)
      : keyPairFromSecret((await openKeystore(source.keystore, source.passphrase)).identitySecret);
  } catch (cause) {
    throw new ClientError("KEY_INVALID", `the key cannot be used: ${messageOf(cause)}`, { cause });
  }
}
