import { createPrivateKey, createPublicKey } from "node:crypto";
import { assert, concat, fromHex, type Key25519, toHex } from "@meshwork/foundation";

/** RFC 8410: the DER before an X25519 seed. */
const PKCS8_HEAD = fromHex("302e020100300506032b656e04220420");

/** The public half of a sealing key: what others encrypt to. @param seed `deriveSeed(…, "sealing", …)` */
export function x25519PublicKey(seed: Uint8Array): Key25519 {
  assert(seed.length === 32, "an X25519 seed is 32 bytes");
  const der = Buffer.from(concat(PKCS8_HEAD, seed));
  const key = createPublicKey(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
  return toHex(key.export({ format: "der", type: "spki" }).subarray(-32)) as Key25519;
}
