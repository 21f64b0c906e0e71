import { copyFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  createKeystore,
  deriveTransportSeed,
  ed25519KeyPair,
  generateKeyPair,
  type KeyPair,
  keyPairFromSecret,
  openKeystore,
  readPassphraseFile,
  type SecretBundle,
  secretOf,
  sign,
} from "@meshwork/crypto";
import {
  type ChainId,
  fromHex,
  type NodeId,
  type PublicKey,
  type Random,
} from "@meshwork/foundation";
import { recoveryHashOf, rotationHash, type Transaction } from "@meshwork/protocol";
import { CliError } from "./cli-error.ts";
import { readKeys } from "./key-files.ts";
import { memberFiles } from "./network/member-keys.ts";
import { signedBy } from "./sign-transaction.ts";

/** The ledger as the holder of one key may ask it. */
export interface KeyLedger {
  chainId(): Promise<ChainId>;
  /** Null: it knows no such account, or not by this key. */
  account(id: NodeId): Promise<{ publicKey: PublicKey; keyVersion: number | null } | null>;
  transact(transaction: Transaction): Promise<number>;
}

export interface KeyFolder {
  folder: string;
  passphraseFile?: string | undefined;
}

export interface Rotated {
  account: NodeId;
  publicKey: PublicKey;
  /** Where the key that was replaced lies; its recovery key is worth nothing any more. */
  oldKeystore: string;
}

const NEXT = "keystore.next.json";

/**
 * Replaces a folder's key by a new one, under the old name. The new key is on disk before the ledger
 * hears of it, and the old one stays until the ledger has taken the new: whenever this process dies,
 * the same command again goes on from there.
 */
export async function rotateKeys(
  parts: { open(keyPair: KeyPair, account: NodeId): KeyLedger; random: Random },
  { folder, passphraseFile = join(folder, memberFiles.passphrase) }: KeyFolder,
): Promise<Rotated> {
  const { secrets, keyPair, account } = await readKeys(folder, passphraseFile);
  const passphrase = await readPassphraseFile(passphraseFile);
  const nextFile = join(folder, NEXT);
  const next = await nextSecrets(nextFile, passphrase, { secrets, account, random: parts.random });
  const nextPair = keyPairFromSecret(next.identitySecret);

  const taken = await parts
    .open(nextPair, account)
    .account(account)
    .catch(() => null);
  if (taken?.publicKey !== nextPair.publicKey) {
    const ledger = parts.open(keyPair, account);
    await ledger.transact(await rotation(ledger, { account, secrets, next }));
  }

  const oldKeystore = join(folder, `keystore.old-${secrets.keyVersion}.json`);
  const keystore = join(folder, memberFiles.keystore);
  await copyFile(keystore, oldKeystore);
  await rename(nextFile, keystore);
  return { account, publicKey: nextPair.publicKey, oldKeystore };
}

async function nextSecrets(
  file: string,
  passphrase: string,
  now: { secrets: SecretBundle; account: NodeId; random: Random },
): Promise<SecretBundle> {
  const { secrets, account, random } = now;
  const fresh = {
    identitySecret: secretOf(generateKeyPair(random)),
    recoverySecret: secretOf(generateKeyPair(random)),
    keyVersion: secrets.keyVersion + 1,
    nodeId: account,
  };
  try {
    await createKeystore(file, fresh, passphrase, { random });
    return fresh;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "KEYSTORE_EXISTS") throw error;
  }
  // An earlier rotation did not come to its end.
  const begun = await openKeystore(file, passphrase);
  if (begun.nodeId === account && begun.keyVersion === fresh.keyVersion) return begun;
  // It did, but for the last step of another: the key in it was replaced since.
  await rm(file);
  await createKeystore(file, fresh, passphrase, { random });
  return fresh;
}

async function rotation(
  ledger: KeyLedger,
  { account, secrets, next }: { account: NodeId; secrets: SecretBundle; next: SecretBundle },
): Promise<Transaction> {
  const found = await ledger.account(account);
  if (found === null)
    throw new CliError(
      "ACCOUNT_UNKNOWN",
      `the ledger knows no account ${account}: register before you rotate`,
    );
  const chainId = await ledger.chainId();
  const recovery = keyPairFromSecret(secrets.recoverySecret);
  const { keyVersion } = next;
  const about = {
    newKey: keyPairFromSecret(next.identitySecret).publicKey,
    nextRecoveryHash: recoveryHashOf(keyPairFromSecret(next.recoverySecret).publicKey),
  };
  const transportKey = ed25519KeyPair(
    deriveTransportSeed(next.identitySecret, keyVersion),
  ).publicKey;
  const keyPair = keyPairFromSecret(secrets.identitySecret);
  return signedBy({ chainId, sender: account, keyPair }, (nonce) => ({
    kind: "rotate",
    ...about,
    recoveryKey: recovery.publicKey,
    recoverySignature: sign(
      recovery,
      fromHex(rotationHash({ chainId, sender: account, nonce }, about)),
    ),
    node: found.keyVersion === null ? null : { transportKey, keyVersion },
  }));
}
