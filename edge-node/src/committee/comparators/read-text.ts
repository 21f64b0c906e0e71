import { fromUtf8, limits } from "@meshwork/foundation";

/** Undefined for what is no UTF-8, and for what is longer than a verifier will look into. */
export function readText(bytes: Uint8Array): string | undefined {
  if (bytes.length > limits.comparedTextBytes) return undefined;
  try {
    return fromUtf8(bytes);
  } catch {
    return undefined;
  }
}
