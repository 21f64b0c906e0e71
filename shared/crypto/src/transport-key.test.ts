import { createHmac } from "node:crypto";
import {
  concat,
  fromHex,
  type Key25519,
  type TransportSignature,
  toHex,
  uint64,
  utf8,
} from "@meshwork/foundation";
import { ed25519 } from "@noble/curves/ed25519.js";
import { describe, expect, test } from "vitest";
import { ed25519Verify } from "./ed25519-verify.ts";
import { deriveSeed, deriveTransportSeed, ed25519KeyPair, ed25519Sign } from "./transport-key.ts";

const secret = fromHex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8");
const message = utf8("a node record");

describe("derived seeds", () => {
  test("are HKDF (RFC 5869) over HMAC-SM3", () => {
    const hmac = (key: Uint8Array, data: Uint8Array) =>
      createHmac("sm3", key).update(data).digest();
    const extracted = hmac(new Uint8Array(32), secret);
    const info = concat(utf8("meshwork/transport-seed/1"), uint64(7));
    const expanded = hmac(extracted, concat(info, Uint8Array.of(1)));
    expect(toHex(deriveTransportSeed(secret, 7))).toBe(toHex(expanded));
  });

  test("differ by secret, purpose and key version, and by nothing else", () => {
    const other = Uint8Array.from(secret, (byte, i) => (i === 31 ? byte ^ 1 : byte));
    const seeds = [
      deriveSeed(secret, "transport", 0),
      deriveSeed(secret, "transport", 1),
      deriveSeed(secret, "transport", 2 ** 40),
      deriveSeed(secret, "vrf", 0),
      deriveSeed(secret, "sealing", 0),
      deriveSeed(other, "transport", 0),
    ].map((seed) => toHex(seed));
    expect(new Set(seeds).size).toBe(seeds.length);
    expect(toHex(deriveTransportSeed(secret, 0))).toBe(seeds[0]);
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("a key version of %s is a mistake", (version) => {
    expect(() => deriveTransportSeed(secret, version)).toThrow("keyVersion");
  });

  test("a golden seed stays what it is: else every node would change its PeerId", () => {
    expect(ed25519KeyPair(deriveTransportSeed(secret, 0)).publicKey).toBe(
      "8ed2d3ff60c7bc2d4fa988eeedbb1c62260d13fca9493fddf1805149506b2d1b",
    );
  });
});

describe("Ed25519", () => {
  // RFC 8032, 7.1, TEST 2.
  const seed = fromHex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
  const vector = {
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  };

  test("gives RFC 8032's key and signature", () => {
    const keyPair = ed25519KeyPair(seed);
    expect(keyPair.publicKey).toBe(vector.publicKey);
    expect(ed25519Sign(keyPair, Uint8Array.of(0x72))).toBe(vector.signature);
  });

  const keyPair = ed25519KeyPair(seed);
  const signature = ed25519Sign(keyPair, message);

  test("accepts the signature of this message by this key, and no other", () => {
    const other = ed25519KeyPair(secret).publicKey;
    expect(ed25519Verify(keyPair.publicKey, message, signature)).toBe(true);
    expect(ed25519Verify(keyPair.publicKey, utf8("a node recorD"), signature)).toBe(false);
    expect(ed25519Verify(other, message, signature)).toBe(false);
  });

  test("refuses s + q, which is the same number modulo q", () => {
    const q = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${toHex(fromHex(signature.slice(64)).reverse())}`);
    const beyond = fromHex((s + q).toString(16).padStart(64, "0")).reverse();
    const wrapped = (signature.slice(0, 64) + toHex(beyond)) as TransportSignature;
    expect(ed25519Verify(keyPair.publicKey, message, wrapped)).toBe(false);
  });

  test("refuses a key of small order, under which the lenient rule takes one signature for all", () => {
    const one = `01${"00".repeat(31)}` as Key25519;
    const forged = (one + "00".repeat(32)) as TransportSignature;
    expect(ed25519.verify(fromHex(forged), message, fromHex(one), { zip215: true })).toBe(true);
    expect(ed25519Verify(one, message, forged)).toBe(false);
  });

  test.each([
    ["upper case", signature.toUpperCase()],
    ["a byte short", signature.slice(2)],
    ["a byte long", `${signature}00`],
    ["nothing", ""],
    ["no text", undefined],
  ])("refuses a signature in another form: %s", (_form, text) => {
    expect(ed25519Verify(keyPair.publicKey, message, text as TransportSignature)).toBe(false);
    expect(ed25519Verify(text as Key25519, message, signature)).toBe(false);
  });
});
