import { hash } from "node:crypto";
import type { Digest } from "@meshwork/foundation";

/** SHA-256, which names content towards the world outside (CIDs); inside, SM3 does. */
export function sha256Hex(bytes: Uint8Array): Digest {
  return hash("sha256", bytes, "hex") as Digest;
}
