import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import {
  createKeystore,
  generateKeyPair,
  openKeystore,
  readPassphraseFile,
  type SecretBundle,
  secretOf,
} from "@meshwork/crypto";
import { type Random, toHex } from "@meshwork/foundation";

/** A passphrase of 32 random bytes needs no slow derivation: 16 MiB and 50 ms. */
const SCRYPT_N_FOR_RANDOM_PASSPHRASE = 2 ** 14;

/**
 * The relay's secrets. Its first start makes them, with a random passphrase beside the keystore where
 * none was put: whoever keeps the folder keeps the relay's PeerId, by which others know it.
 */
export async function openKeys(
  { random }: { random: Random },
  files: { keystoreFile: string; passphraseFile: string },
): Promise<SecretBundle> {
  const { keystoreFile, passphraseFile } = files;
  if (existsSync(keystoreFile))
    return openKeystore(keystoreFile, await readPassphraseFile(passphraseFile));
  for (const path of [keystoreFile, passphraseFile])
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(passphraseFile))
    await writeFile(passphraseFile, `${toHex(random.bytes(32))}\n`, { mode: 0o600, flag: "wx" });
  const secrets: SecretBundle = {
    identitySecret: secretOf(generateKeyPair(random)),
    recoverySecret: secretOf(generateKeyPair(random)),
    keyVersion: 0,
  };
  await createKeystore(keystoreFile, secrets, await readPassphraseFile(passphraseFile), {
    random,
    scryptN: SCRYPT_N_FOR_RANDOM_PASSPHRASE,
  });
  return secrets;
}
