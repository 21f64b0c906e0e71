import { join } from "node:path";
import {
  type KeyPair,
  keyPairFromSecret,
  nodeIdOf,
  openKeystore,
  readPassphraseFile,
  type SecretBundle,
} from "@meshwork/crypto";
import type { NodeId } from "@meshwork/foundation";
import { memberFiles } from "./network/member-keys.ts";

/** The keys in a member's folder, opened with the passphrase file beside them, and whose they are. */
export async function readKeys(
  folder: string,
  passphraseFile = join(folder, memberFiles.passphrase),
): Promise<{ keyPair: KeyPair; secrets: SecretBundle; account: NodeId }> {
  const passphrase = await readPassphraseFile(passphraseFile);
  const secrets = await openKeystore(join(folder, memberFiles.keystore), passphrase);
  const keyPair = keyPairFromSecret(secrets.identitySecret);
  return { keyPair, secrets, account: secrets.nodeId ?? nodeIdOf(keyPair.publicKey) };
}
