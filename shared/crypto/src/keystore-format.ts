import { fromUtf8, utf8 } from "@meshwork/foundation";
import { z } from "zod";
import { KeystoreError } from "./keystore-error.ts";
import { sm3Hex } from "./sm3.ts";

/**
 * The text of a keystore file: one line of JSON, `{"body":{…},"sm3":"…"}`. The checksum is no
 * protection (GCM is); it tells damage from a wrong passphrase before any key is derived, and it
 * covers the version, so that a damaged version is not taken for a newer program's file.
 */
export interface KeystoreBody {
  readonly version: 1;
  readonly kdf: "scrypt";
  /** scrypt's cost: memory is 128 · n · r bytes. */
  readonly n: number;
  readonly r: 8;
  readonly p: 1;
  readonly salt: string;
  readonly cipher: "aes-256-gcm";
  readonly nonce: string;
  /** The sealed secrets and GCM's tag. */
  readonly ciphertext: string;
}

/** 256 MiB: twice what we write. Whoever can change the file must not choose our memory. */
export const LARGEST_SCRYPT_N = 2 ** 18;
/** A keystore has 500 bytes or so. */
export const LARGEST_FILE_BYTES = 4_096;

export function encodeKeystore(body: KeystoreBody): string {
  return `${JSON.stringify({ body, sm3: checksumOf(body) })}\n`;
}

/** Accepts exactly what `encodeKeystore` writes; throws KeystoreError on anything else. */
export function decodeKeystore(bytes: Uint8Array): KeystoreBody {
  const { text, file } = readFile(bytes);
  if (checksumOf(file.body) !== file.sm3) throw corrupt("its checksum does not match");
  if (file.body.version !== 1)
    throw new KeystoreError(
      "KEYSTORE_VERSION",
      `the keystore has version ${JSON.stringify(file.body.version)?.slice(0, 20)}, this program reads version 1; use the program that wrote it`,
    );
  const parsed = bodySchema.safeParse(file.body);
  if (!parsed.success) throw corrupt(z.prettifyError(parsed.error));
  const body: KeystoreBody = parsed.data;
  if (encodeKeystore(body) !== text) throw corrupt("it is not in the form that we write");
  if (body.n > LARGEST_SCRYPT_N)
    throw new KeystoreError(
      "KEYSTORE_COST",
      `the keystore asks for scrypt with N = ${body.n}, at most ${LARGEST_SCRYPT_N} is accepted; restore it from a backup`,
      { detail: { n: body.n } },
    );
  return body;
}

/** What the cipher authenticates besides the secrets: everything in the body but themselves. */
export function headerOf(body: Omit<KeystoreBody, "ciphertext">): Uint8Array {
  const { version, kdf, n, r, p, salt, cipher, nonce } = body;
  return utf8(JSON.stringify({ version, kdf, n, r, p, salt, cipher, nonce }));
}

export function corrupt(reason: string, cause?: unknown): KeystoreError {
  return new KeystoreError(
    "KEYSTORE_CORRUPT",
    `the keystore is damaged: ${reason}; restore it from a backup`,
    { cause },
  );
}

const hexOf = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

const bodySchema = z.strictObject({
  version: z.literal(1),
  kdf: z.literal("scrypt"),
  n: z
    .int()
    .min(2)
    .refine((n) => Number.isInteger(Math.log2(n)), "a power of two"),
  r: z.literal(8),
  p: z.literal(1),
  salt: hexOf(32),
  cipher: z.literal("aes-256-gcm"),
  nonce: hexOf(12),
  ciphertext: z.string().regex(/^(?:[0-9a-f]{2}){16,512}$/),
});

const fileSchema = z.strictObject({
  body: z.record(z.string(), z.unknown()),
  sm3: hexOf(32),
});

function readFile(bytes: Uint8Array): { text: string; file: z.infer<typeof fileSchema> } {
  if (bytes.length > LARGEST_FILE_BYTES)
    throw corrupt(`it is longer than ${LARGEST_FILE_BYTES} bytes`);
  try {
    const text = fromUtf8(bytes);
    return { text, file: fileSchema.parse(JSON.parse(text)) };
  } catch (cause) {
    throw corrupt(`it is not the JSON of a keystore`, cause);
  }
}

function checksumOf(body: unknown): string {
  return sm3Hex(utf8(JSON.stringify(body)));
}
