import { join } from "node:path";
import {
  type KeyPair,
  keyPairFromSecret,
  openKeystore,
  readPassphraseFile,
  type SecretBundle,
} from "@meshwork/crypto";
import { memberFiles } from "./network/member-keys.ts";

/** The keys in a member's folder, opened with the passphrase file beside them. */
export async function readKeys(
  folder: string,
  passphraseFile = join(folder, memberFiles.passphrase),
): Promise<{ keyPair: KeyPair; secrets: SecretBundle }> {
  const passphrase = await readPassphraseFile(passphraseFile);
  const secrets = await openKeystore(join(folder, memberFiles.keystore), passphrase);
  return { keyPair: keyPairFromSecret(secrets.identitySecret), secrets };
}
