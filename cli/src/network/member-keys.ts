import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  createKeystore,
  deriveSeed,
  deriveTransportSeed,
  digestOf,
  ed25519KeyPair,
  generateKeyPair,
  type KeyPair,
  secretOf,
  x25519PublicKey,
} from "@meshwork/crypto";
import { type Digest, fromHex, type Key25519, type Random, toHex } from "@meshwork/foundation";
import { writeNew } from "../files.ts";

/** What stands in the folder of everybody who has keys. */
export const memberFiles = { keystore: "keystore.json", passphrase: "passphrase" } as const;

/** The keys of one new identity, and what a genesis or a registration says of them. */
export interface MemberKeys {
  readonly keyPair: KeyPair;
  readonly recoveryHash: Digest;
  readonly transportKey: Key25519;
  readonly sealKey: Key25519;
}

/** The first derivation of the transport key. */
export const FIRST_KEY_VERSION = 0;

/**
 * A machine-made passphrase of 32 random bytes cannot be guessed, however fast guesses are: a slow
 * derivation would only delay nine processes that start on one machine.
 */
const SCRYPT_N_FOR_RANDOM_PASSPHRASE = 2 ** 12;

/** Makes keys, and writes them to `folder`: a keystore, and the passphrase for unattended start. */
export async function createMemberKeys(folder: string, random: Random): Promise<MemberKeys> {
  const keyPair = generateKeyPair(random);
  const recovery = generateKeyPair(random);
  const passphrase = toHex(random.bytes(32));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // First: without it, the keystore that follows could never be opened.
  await writeNew(join(folder, memberFiles.passphrase), `${passphrase}\n`, 0o600);
  const identitySecret = secretOf(keyPair);
  await createKeystore(
    join(folder, memberFiles.keystore),
    { identitySecret, recoverySecret: secretOf(recovery), keyVersion: FIRST_KEY_VERSION },
    passphrase,
    { random, scryptN: SCRYPT_N_FOR_RANDOM_PASSPHRASE },
  );
  return {
    keyPair,
    recoveryHash: digestOf("meshwork/recovery/1", fromHex(recovery.publicKey)),
    transportKey: ed25519KeyPair(deriveTransportSeed(identitySecret, FIRST_KEY_VERSION)).publicKey,
    sealKey: x25519PublicKey(deriveSeed(identitySecret, "sealing", FIRST_KEY_VERSION)),
  };
}
