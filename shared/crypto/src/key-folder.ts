import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type Random, toHex } from "@meshwork/foundation";
import { createKeystore, openKeystore, type SecretBundle } from "./keystore.ts";
import { readPassphraseFile } from "./passphrase-file.ts";
import { generateKeyPair, secretOf } from "./sm2.ts";

/** Where an unattended process finds its keys. */
export interface KeyFiles {
  keystoreFile: string;
  passphraseFile: string;
}

/**
 * A machine-made passphrase of 32 random bytes cannot be guessed, however fast guesses are: a slow
 * derivation would only delay nine processes that start on one machine.
 */
const SCRYPT_N_FOR_RANDOM_PASSPHRASE = 2 ** 12;

/** A process's secrets. Throws `KeystoreError`. */
export const openKeys = async ({ keystoreFile, passphraseFile }: KeyFiles): Promise<SecretBundle> =>
  openKeystore(keystoreFile, await readPassphraseFile(passphraseFile));

/**
 * The same for a newcomer. Where there are no keys its first start makes them, with a random passphrase beside
 * the keystore unless one was put there: to back up the folder is to back up the identity.
 */
export async function openOrMakeKeys(
  { random }: { random: Random },
  files: KeyFiles,
): Promise<SecretBundle> {
  const { keystoreFile, passphraseFile } = files;
  if (existsSync(keystoreFile)) return openKeys(files);
  const isRandom = !existsSync(passphraseFile);
  for (const path of [keystoreFile, passphraseFile])
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // First: without it, the keystore that follows could never be opened.
  if (isRandom)
    await writeFile(passphraseFile, `${toHex(random.bytes(32))}\n`, { mode: 0o600, flag: "wx" });
  const secrets: SecretBundle = {
    identitySecret: secretOf(generateKeyPair(random)),
    recoverySecret: secretOf(generateKeyPair(random)),
    keyVersion: 0,
  };
  const scrypt = isRandom ? { scryptN: SCRYPT_N_FOR_RANDOM_PASSPHRASE } : {};
  await createKeystore(keystoreFile, secrets, await readPassphraseFile(passphraseFile), {
    random,
    ...scrypt,
  });
  return secrets;
}
