import { messageOf } from "@meshwork/foundation";
import type { Decrypter, Encrypter } from "age-encryption";
import { SnapshotError } from "./snapshot-error.ts";

/**
 * Chunks that only their recipients can read, as files of age (age-encryption.org): for a place whose owner is no
 * member of the network. The manifest stays readable: whoever prunes needs it, and it holds no record.
 */
export type Seal = (bytes: Uint8Array) => Promise<Uint8Array>;

/** @throws SnapshotError for what is no chunk that this identity can read */
export type Unseal = (bytes: Uint8Array) => Promise<Uint8Array>;

/** What age puts around a chunk: a header with twenty recipients, and a tag for each 64 KiB. */
export const SEALED_BYTES = 16_384;

const MAGIC = new TextEncoder().encode("age-encryption.org/");

export const isSealed = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

/** @param recipients such as `age1…` @throws SnapshotError `SNAPSHOT_KEY_INVALID` */
export async function sealTo(recipients: readonly string[]): Promise<Seal> {
  const { Encrypter } = await load();
  const encrypter = configured(new Encrypter(), (one) => {
    for (const recipient of recipients) one.addRecipient(recipient);
  });
  return (bytes) => encrypter.encrypt(bytes);
}

/** @param identities such as `AGE-SECRET-KEY-1…` @throws SnapshotError `SNAPSHOT_KEY_INVALID` */
export async function unsealWith(identities: readonly string[]): Promise<Unseal> {
  const { Decrypter } = await load();
  const decrypter = configured(new Decrypter(), (one) => {
    for (const identity of identities) one.addIdentity(identity);
  });
  return async (bytes) => {
    try {
      return await decrypter.decrypt(bytes);
    } catch (cause) {
      throw new SnapshotError(
        "SNAPSHOT_SEALED",
        `the snapshot is sealed, and this identity does not open it: ${messageOf(cause)}. Name that of a recipient`,
        { cause },
      );
    }
  };
}

/** Loaded by those alone who seal. */
const load = () => import("age-encryption");

function configured<T extends Encrypter | Decrypter>(one: T, add: (one: T) => void): T {
  try {
    add(one);
    return one;
  } catch {
    // Without the cause, which may quote the key.
    throw new SnapshotError(
      "SNAPSHOT_KEY_INVALID",
      "this is no key of age: a recipient is age1…, an identity AGE-SECRET-KEY-1…; age-keygen makes both",
    );
  }
}

export const needsIdentity = () =>
  new SnapshotError(
    "SNAPSHOT_SEALED",
    "the snapshot is sealed: name the file with the identity of one of its recipients, by --identity",
  );
