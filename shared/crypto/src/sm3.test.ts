import { systemRandom, toHex, utf8 } from "@meshwork/foundation";
import smCrypto from "sm-crypto";
import { describe, expect, test } from "vitest";
import { sha256Hex } from "./sha256.ts";
import { sha256Hex as sha256HexPortable } from "./sha256-portable.ts";
import { sm3, sm3Hex } from "./sm3.ts";
import { sm3Hex as sm3HexPortable, sm3 as sm3Portable } from "./sm3-portable.ts";

describe.each([
  ["OpenSSL", sm3, sm3Hex],
  ["portable", sm3Portable, sm3HexPortable],
])("SM3 (%s)", (_name, hash, hashHex) => {
  // GB/T 32905-2016, Annex A.
  test("gives the standard's digest of abc", () => {
    expect(hashHex(utf8("abc"))).toBe(
      "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0",
    );
  });

  test("gives the standard's digest of 64 bytes", () => {
    expect(hashHex(utf8("abcd".repeat(16)))).toBe(
      "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732",
    );
  });

  test("hashes parts as if they were one", () => {
    const whole = systemRandom.bytes(300);
    const parts = [whole.subarray(0, 1), whole.subarray(1, 130), whole.subarray(130)];
    expect(toHex(hash(...parts))).toBe(hashHex(whole));
    expect(toHex(hash())).toBe(hashHex(new Uint8Array(0)));
  });

  test("returns a plain Uint8Array", () => {
    expect(Object.getPrototypeOf(hash(utf8("abc")))).toBe(Uint8Array.prototype);
    expect(Object.getPrototypeOf(hash(utf8("a"), utf8("bc")))).toBe(Uint8Array.prototype);
  });
});

test("the portable SM3 equals OpenSSL's and sm-crypto's at every length up to four blocks", () => {
  for (let length = 0; length <= 256; length++) {
    const message = systemRandom.bytes(length);
    expect(toHex(sm3Portable(message)), `${length} bytes`).toBe(toHex(sm3(message)));
    expect(smCrypto.sm3(message), `${length} bytes`).toBe(sm3Hex(message));
  }
});

test("the portable SM3 counts the bits of a long message right", () => {
  const message = new Uint8Array((1 << 20) + 3).fill(0xa5);
  expect(toHex(sm3Portable(message))).toBe(toHex(sm3(message)));
});

test("SHA-256 is the same with and without OpenSSL", () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(sha256Hex(utf8("abc"))).toBe(abc);
  expect(sha256HexPortable(utf8("abc"))).toBe(abc);
});
