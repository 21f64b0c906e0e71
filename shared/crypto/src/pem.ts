import { createPrivateKey, createPublicKey } from "node:crypto";
import { CodedError, equalBytes, type PublicKey } from "@meshwork/foundation";
import { pointOfSpki, secretOfPkcs8 } from "./key-der.ts";
import { compressedHex, type KeyPair, keyPairFromSecret, publicKeyObject } from "./sm2.ts";

export class PemError extends CodedError<"PEM_INVALID"> {}

/** PKCS#8, unencrypted, as `openssl genpkey -algorithm SM2` writes it. */
export function exportPrivatePem(keyPair: KeyPair): string {
  return keyPair.privateKey.export({ format: "pem", type: "pkcs8" }).toString();
}

/** SubjectPublicKeyInfo, as `openssl pkey -pubout` writes it. */
export function exportPublicPem(publicKey: PublicKey): string {
  return publicKeyObject(publicKey).export({ format: "pem", type: "spki" }).toString();
}

/**
 * OpenSSL does not compare the two keys inside: a file with somebody else's public key would load,
 * and sign under a key that is not ours. So we derive the public key and require the same bytes.
 */
export function importPrivatePem(pem: string): KeyPair {
  return parsePem(pem, /PRIVATE KEY/, () => {
    const der = createPrivateKey(pem).export({ format: "der", type: "pkcs8" });
    const keyPair = keyPairFromSecret(secretOfPkcs8(der));
    const derived = keyPair.privateKey.export({ format: "der", type: "pkcs8" });
    return equalBytes(der, derived) ? keyPair : undefined;
  });
}

export function importPublicPem(pem: string): PublicKey {
  // Without the label, Node would read a private key or a certificate just as willingly.
  return parsePem(pem, /-----BEGIN PUBLIC KEY-----/, () => {
    const der = createPublicKey(pem).export({ format: "der", type: "spki" });
    const publicKey = compressedHex(pointOfSpki(der));
    const derived = publicKeyObject(publicKey).export({ format: "der", type: "spki" });
    return equalBytes(der, derived) ? publicKey : undefined;
  });
}

/** `read` throws, or returns undefined, for what is not a plain SM2 key. The text may be secret. */
function parsePem<Key>(pem: string, label: RegExp, read: () => Key | undefined): Key {
  let cause: unknown;
  try {
    const key = label.test(pem) ? read() : undefined;
    if (key !== undefined) return key;
  } catch (error) {
    cause = error;
  }
  throw new PemError(
    "PEM_INVALID",
    `no unencrypted SM2 key labelled ${label.source} with its own public key; ` +
      "`openssl genpkey -algorithm SM2` and `openssl pkey -pubout` write what is wanted",
    { cause },
  );
}
