import { createCipheriv, createDecipheriv, scrypt } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import {
  assert,
  concat,
  fromHex,
  fromUtf8,
  type NodeId,
  nodeId,
  type Random,
  systemRandom,
  toHex,
  uint64,
  utf8,
} from "@meshwork/foundation";
import { KeystoreError } from "./keystore-error.ts";
import {
  corrupt,
  decodeKeystore,
  encodeKeystore,
  headerOf,
  type KeystoreBody,
  LARGEST_FILE_BYTES,
  LARGEST_SCRYPT_N,
} from "./keystore-format.ts";
import { writeNewFile } from "./write-new-file.ts";

/** Everything that makes a node who it is; all else derives from it or can be made again. */
export interface SecretBundle {
  /** d of the node's SM2 key. */
  readonly identitySecret: Uint8Array;
  /** d of the key that alone can replace or revoke the first. */
  readonly recoverySecret: Uint8Array;
  /** Counts the transport keys derived so far. */
  readonly keyVersion: number;
  /** The identity's name, once its first key has been replaced: until then it is the name of the key. */
  readonly nodeId?: NodeId | undefined;
}

export interface KeystoreOptions {
  /**
   * scrypt's cost, a power of two. Lower it only where the passphrase is 16 random bytes or more.
   * @default 2^17: 128 MiB and about half a second, OWASP's figure for interactive use
   */
  readonly scryptN?: number;
  /** @default the operating system's */
  readonly random?: Random;
}

const DEFAULT_SCRYPT_N = 2 ** 17;

/** Writes a new file that only its owner can read. Never replaces one: KEYSTORE_EXISTS. */
export async function createKeystore(
  path: string,
  secrets: SecretBundle,
  passphrase: string,
  { scryptN = DEFAULT_SCRYPT_N, random = systemRandom }: KeystoreOptions = {},
): Promise<void> {
  assert(scryptN <= LARGEST_SCRYPT_N, `scryptN is at most ${LARGEST_SCRYPT_N}`);
  const header = {
    version: 1,
    kdf: "scrypt",
    n: scryptN,
    r: 8,
    p: 1,
    salt: toHex(random.bytes(32)),
    cipher: "aes-256-gcm",
    nonce: toHex(random.bytes(12)),
  } as const;
  const key = await deriveKey(passphrase, header);
  const cipher = createCipheriv("aes-256-gcm", key, fromHex(header.nonce));
  cipher.setAAD(headerOf(header));
  const sealed = concat(cipher.update(encodeSecrets(secrets)), cipher.final(), cipher.getAuthTag());
  const text = encodeKeystore({ ...header, ciphertext: toHex(sealed) });
  try {
    await writeNewFile(path, text);
  } catch (cause) {
    throw isErrno(cause, "EEXIST")
      ? new KeystoreError(
          "KEYSTORE_EXISTS",
          `${path} exists and holds somebody's keys; choose another path, or move it away yourself`,
          { detail: { path } },
        )
      : ioError(path, "written", cause);
  }
}

export async function openKeystore(path: string, passphrase: string): Promise<SecretBundle> {
  const body = decodeKeystore(await readBounded(path));
  const key = await deriveKey(passphrase, body);
  const sealed = fromHex(body.ciphertext);
  const decipher = createDecipheriv("aes-256-gcm", key, fromHex(body.nonce));
  decipher.setAAD(headerOf(body)).setAuthTag(sealed.subarray(-16));
  let secrets: Uint8Array;
  try {
    secrets = concat(decipher.update(sealed.subarray(0, -16)), decipher.final());
  } catch (cause) {
    throw new KeystoreError(
      "WRONG_PASSPHRASE",
      `the passphrase does not open ${path}; check the passphrase file that belongs to it`,
      { detail: { path }, cause },
    );
  }
  return decodeSecrets(secrets);
}

/** identity ‖ recovery ‖ keyVersion ‖ name: the secrets have fixed widths, so nothing of them shows in a length. */
function encodeSecrets(secrets: SecretBundle): Uint8Array {
  const { identitySecret, recoverySecret, keyVersion, nodeId = "" } = secrets;
  assert(identitySecret.length === 32 && recoverySecret.length === 32, "SM2 secrets are 32 bytes");
  assert(Number.isSafeInteger(keyVersion) && keyVersion >= 0, "keyVersion counts from 0");
  return concat(identitySecret, recoverySecret, uint64(keyVersion), utf8(nodeId));
}

function decodeSecrets(bytes: Uint8Array): SecretBundle {
  if (bytes.length < 72) throw corrupt(`it holds ${bytes.length} bytes of secrets, not 72`);
  const keyVersion = Number(new DataView(bytes.buffer, bytes.byteOffset + 64).getBigUint64(0));
  if (!Number.isSafeInteger(keyVersion)) throw corrupt("its key version is no counter");
  const name = bytes.length > 72 ? nodeId.safeParse(fromUtf8(bytes.subarray(72))) : null;
  if (name?.success === false) throw corrupt("the name in it is none");
  return {
    identitySecret: bytes.slice(0, 32),
    recoverySecret: bytes.slice(32, 64),
    keyVersion,
    ...(name === null ? {} : { nodeId: name.data }),
  };
}

type KdfParameters = Pick<KeystoreBody, "n" | "r" | "p" | "salt">;

/** Off the event loop: half a second of work. The same passphrase typed on any system is the same. */
function deriveKey(passphrase: string, { n, r, p, salt }: KdfParameters): Promise<Buffer> {
  if (passphrase === "")
    throw new KeystoreError("PASSPHRASE_EMPTY", "an empty passphrase protects nothing; choose one");
  // Node refuses more than 32 MiB unless told how much is meant.
  const maxmem = 128 * r * (n + p + 2);
  return new Promise((resolve, reject) => {
    scrypt(passphrase.normalize("NFKC"), fromHex(salt), 32, { N: n, r, p, maxmem }, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

async function readBounded(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_FILE_BYTES) throw corrupt(`it has ${size} bytes`);
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof KeystoreError) throw cause;
    if (isErrno(cause, "ENOENT"))
      throw new KeystoreError(
        "KEYSTORE_MISSING",
        `there is no keystore at ${path}; give the path of one, or create it`,
        { detail: { path }, cause },
      );
    throw ioError(path, "read", cause);
  }
}

function ioError(path: string, verb: "read" | "written", cause: unknown): KeystoreError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new KeystoreError("KEYSTORE_IO", `${path} cannot be ${verb}: ${reason}`, {
    detail: { path },
    cause,
  });
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
