import { createCipheriv, hkdfSync } from "node:crypto";
import { concat, systemRandom, toHex, utf8 } from "@meshwork/foundation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { openBytes, sealBytes } from "./seal.ts";

const key = new Uint8Array(32).fill(7);
const plaintext = utf8("the output of a task");
const context = utf8("order 1");

test("what was sealed opens again, whatever its length", () => {
  for (const length of [0, 1, 15, 16, 17, 65_536]) {
    const bytes = systemRandom.bytes(length);
    expect(openBytes(key, sealBytes(key, bytes, { context }), { context })).toEqual(bytes);
  }
});

test("the same bytes under the same key and context seal to the same bytes", () => {
  expect(sealBytes(key, plaintext, { context })).toEqual(sealBytes(key, plaintext, { context }));
});

test("a golden sealing stays what it is: content addresses depend on it", () => {
  expect(toHex(sealBytes(key, plaintext, { context }))).toBe(
    "dc84a4335e5f06ca4e88aaf3e035657dbbd2c396dbbf40f03382105d39e440b6110f9d9c91851bed4d92dc6a626514e1",
  );
});

test("another plaintext, key or context takes another nonce", () => {
  const sealed = [
    sealBytes(key, plaintext, { context }),
    sealBytes(key, utf8("the output of a tasK"), { context }),
    sealBytes(new Uint8Array(32).fill(8), plaintext, { context }),
    sealBytes(key, plaintext),
    // The same bytes in a row, divided elsewhere.
    sealBytes(key, concat(utf8("1"), plaintext), { context: utf8("order ") }),
  ];
  const nonces = sealed.map((bytes) => toHex(bytes.subarray(0, 12)));
  expect(new Set(nonces).size).toBe(nonces.length);
});

test("with any byte changed, cut off or added, it does not open", () => {
  const sealed = sealBytes(key, plaintext, { context });
  for (let i = 0; i < sealed.length; i++) {
    const changed = Uint8Array.from(sealed);
    changed[i] = (changed[i] ?? 0) ^ (1 << (i % 8));
    expect(openBytes(key, changed, { context }), `byte ${i}`).toBeNull();
    expect(openBytes(key, sealed.subarray(0, i), { context }), `cut at ${i}`).toBeNull();
  }
  expect(openBytes(key, concat(sealed, Uint8Array.of(0)), { context })).toBeNull();
});

test("a nonce that the sealer chose himself does not open: one plaintext has one sealed form", () => {
  const cipherKey = hkdfSync("sm3", key, "", "meshwork/seal/1", 64).slice(0, 32);
  const encrypt = (nonce: Uint8Array) => {
    const cipher = createCipheriv("aes-256-gcm", Buffer.from(cipherKey), nonce).setAAD(context);
    return concat(nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag());
  };
  const sealed = sealBytes(key, plaintext, { context });
  expect(encrypt(sealed.subarray(0, 12))).toEqual(sealed);
  expect(openBytes(key, encrypt(new Uint8Array(12)), { context })).toBeNull();
});

test("with another key or context it does not open", () => {
  const sealed = sealBytes(key, plaintext, { context });
  expect(openBytes(new Uint8Array(32).fill(8), sealed, { context })).toBeNull();
  expect(openBytes(key, sealed, { context: utf8("order 2") })).toBeNull();
  expect(openBytes(key, sealed)).toBeNull();
});

test("2,000 strings of bytes that nobody sealed do not open, and nothing throws", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => openBytes(key, bytes) === null),
    { numRuns: 2_000 },
  );
});

test("a key of another length is a mistake of the program", () => {
  expect(() => sealBytes(new Uint8Array(16), plaintext)).toThrow("32 bytes");
  expect(() => openBytes(new Uint8Array(33), sealBytes(key, plaintext))).toThrow("32 bytes");
});
