import { x25519 } from "@noble/curves/ed25519.js";
import { expect, test } from "vitest";
import { x25519PublicKey } from "./x25519.ts";

test("agrees with another implementation on many seeds", () => {
  for (let i = 0; i < 50; i++) {
    const seed = new Uint8Array(32).fill(i + 1);
    expect(x25519PublicKey(seed)).toBe(Buffer.from(x25519.getPublicKey(seed)).toString("hex"));
  }
});
