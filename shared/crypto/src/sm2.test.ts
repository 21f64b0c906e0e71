import { inspect } from "node:util";
import {
  concat,
  fromHex,
  type PublicKey,
  type Random,
  type Signature,
  systemRandom,
  toHex,
  utf8,
} from "@meshwork/foundation";
import smCrypto from "sm-crypto";
import { describe, expect, test } from "vitest";
import {
  generateKeyPair,
  isPublicKey,
  keyPairFromSecret,
  publicKeyObject,
  secretOf,
  sign,
  verify,
} from "./sm2.ts";
import { CURVE, zPreimage } from "./sm2-curve.ts";
import { isPublicKey as isPublicKeyPortable, verify as verifyPortable } from "./sm2-portable.ts";
import { sm3Hex } from "./sm3.ts";

const number = (hex: string) => BigInt(`0x${hex}`);
const hex32 = (value: bigint) => value.toString(16).padStart(64, "0");
const n = number(CURVE.n);
const message = utf8("message digest");

/** GM/T 0003.5-2012, A.2: the standard's signature example on the recommended curve. */
const EXAMPLE = {
  secret: "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8",
  x: "09f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020",
  y: "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13",
  z: "b2e14c5c79c6df5b85f4fe7ed8db7a262b9da7e07ccb0ea9f4747b8ccda8a4f3",
  r: "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3",
  s: "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
};
const examplePublicKey = `03${EXAMPLE.x}` as PublicKey;
const exampleSignature = `${EXAMPLE.r}${EXAMPLE.s}` as Signature;

describe("the example of GM/T 0003.5", () => {
  test("has the public key that its secret gives", () => {
    expect(keyPairFromSecret(fromHex(EXAMPLE.secret)).publicKey).toBe(examplePublicKey);
  });

  test("has the Z that we compute", () => {
    expect(sm3Hex(zPreimage(fromHex(EXAMPLE.x + EXAMPLE.y)))).toBe(EXAMPLE.z);
  });

  test.each([
    ["OpenSSL", verify],
    ["portable", verifyPortable],
  ])("is accepted (%s)", (_name, check) => {
    expect(check(examplePublicKey, message, exampleSignature)).toBe(true);
    expect(check(examplePublicKey, utf8("message digesu"), exampleSignature)).toBe(false);
  });
});

test("60 random signatures are accepted by another hand's SM2, and its by ours", () => {
  for (let i = 0; i < 60; i++) {
    const keyPair = generateKeyPair();
    const secret = toHex(secretOf(keyPair));
    const text = systemRandom.bytes(i);
    const foreignPublicKey = smCrypto.sm2.getPublicKeyFromPrivateKey(secret);
    expect(foreignPublicKey.slice(2, 66)).toBe(keyPair.publicKey.slice(2));
    const ours = sign(keyPair, text);
    const theirs = smCrypto.sm2.doSignature(text, secret, { hash: true }) as Signature;
    expect(
      smCrypto.sm2.doVerifySignature(text, ours, foreignPublicKey, { hash: true }),
      `secret ${secret}`,
    ).toBe(true);
    expect(verify(keyPair.publicKey, text, theirs), `secret ${secret}`).toBe(true);
    expect(verifyPortable(keyPair.publicKey, text, theirs), `secret ${secret}`).toBe(true);
  }
}, 60_000);

describe("secrets", () => {
  test.each([
    ["zero", hex32(0n)],
    ["n − 1, with which signing would never end", hex32(n - 1n)],
    ["n", hex32(n)],
    ["the largest number of 32 bytes", "ff".repeat(32)],
    ["31 bytes", "01".repeat(31)],
    ["33 bytes", `00${EXAMPLE.secret}`],
    ["nothing", ""],
  ])("%s is refused", (_name, secret) => {
    expect(() => keyPairFromSecret(fromHex(secret))).toThrow(
      expect.objectContaining({ code: "INVALID_SECRET" }),
    );
  });

  test.each([1n, 2n, n - 2n])("%s is a secret, and comes back as it went in", (d) => {
    const keyPair = keyPairFromSecret(fromHex(hex32(d)));
    expect(toHex(secretOf(keyPair))).toBe(hex32(d));
    expect(verifyPortable(keyPair.publicKey, message, sign(keyPair, message))).toBe(true);
  });

  test("are drawn again when chance gives one out of range", () => {
    const draws = [hex32(n), EXAMPLE.secret];
    const random: Random = { bytes: () => fromHex(draws.shift() ?? "") };
    expect(generateKeyPair(random).publicKey).toBe(examplePublicKey);
  });

  test("do not show when a key pair is printed", () => {
    const keyPair = keyPairFromSecret(fromHex(EXAMPLE.secret));
    const printed = inspect(keyPair, { depth: 9, showHidden: true }) + JSON.stringify(keyPair);
    expect(printed).toContain(examplePublicKey);
    expect(printed.toLowerCase()).not.toContain(EXAMPLE.secret.slice(0, 8));
  });
});

const smallNumbers = Array.from({ length: 50 }, (_, k) => BigInt(k));
const isX = (x: bigint) => isPublicKey(`02${hex32(x)}` as PublicKey);
/** p + k fits 32 bytes for every small k: another spelling of the point with x = k. */
const smallX = smallNumbers.find(isX) ?? -1n;
const smallNoX = smallNumbers.find((x) => !isX(x)) ?? -1n;

describe.each([
  ["OpenSSL", verify, isPublicKey],
  ["portable", verifyPortable, isPublicKeyPortable],
])("public keys (%s)", (_name, check, isKey) => {
  test("the compressed form is a key", () => {
    expect(isKey(examplePublicKey)).toBe(true);
  });

  test.each([
    ["uncompressed", `04${EXAMPLE.x}${EXAMPLE.y}`],
    ["hybrid", `07${EXAMPLE.x}${EXAMPLE.y}`],
    ["hybrid's first byte before a compressed point", `07${EXAMPLE.x}`],
    ["in upper case", examplePublicKey.toUpperCase()],
    ["the point at infinity", "00"],
    ["infinity at full length", "00".repeat(33)],
    ["off the curve", `02${hex32(smallNoX)}`],
    ["x = p", `02${CURVE.p}`],
    ["x + p for an x of the curve", `02${hex32(number(CURVE.p) + smallX)}`],
    ["x = 2^256 − 1", `02${"ff".repeat(32)}`],
    ["too short", examplePublicKey.slice(0, -2)],
    ["too long", `${examplePublicKey}00`],
    ["with white space", `${examplePublicKey}\n`],
    ["empty", ""],
  ])("%s is none, and verifies nothing", (_form, key) => {
    expect(isKey(key as PublicKey)).toBe(false);
    expect(check(key as PublicKey, message, exampleSignature)).toBe(false);
  });

  test.each([undefined, null, 7, {}, ["02"]])("%s is none, and nothing throws", (key) => {
    expect(check(key as unknown as PublicKey, message, exampleSignature)).toBe(false);
    expect(check(examplePublicKey, message, key as unknown as Signature)).toBe(false);
  });
});

test("asking OpenSSL for a key that is none says so", () => {
  expect(() => publicKeyObject("02" as PublicKey)).toThrow(
    expect.objectContaining({ code: "INVALID_PUBLIC_KEY" }),
  );
});

describe.each([
  ["OpenSSL", verify],
  ["portable", verifyPortable],
])("signatures (%s)", (_name, check) => {
  const { r, s } = EXAMPLE;
  test.each([
    ["r = 0", hex32(0n) + s],
    ["s = 0", r + hex32(0n)],
    ["r = n", CURVE.n + s],
    ["s = n", r + CURVE.n],
    ["s = n − 1", r + hex32(n - 1n)],
    ["s one more", r + hex32(number(s) + 1n)],
    ["r + s = n, where t would be 0", r + hex32(n - number(r))],
    ["r and s exchanged", s + r],
    ["upper case", (r + s).toUpperCase()],
    ["a zero byte put before s, which sm-crypto accepts", `${r}00${s}`],
    ["a zero byte put before r", `00${r}${s}`],
    ["a byte short", (r + s).slice(2)],
    ["a byte long", `${r}${s}00`],
    ["a line end", `${r}${s}\n`],
    ["DER", "3046022100".padEnd(144, "1")],
    ["nothing", ""],
  ])("%s is refused", (_form, signature) => {
    expect(check(examplePublicKey, message, signature as Signature)).toBe(false);
  });
});

test("without OpenSSL the verdict is the same, on 720 signatures of which most are mutated", () => {
  let accepted = 0;
  for (const keyPair of Array.from({ length: 30 }, () => generateKeyPair()))
    for (let i = 0; i < 24; i++) {
      const text = systemRandom.bytes(i);
      const mutated = mutate(i, keyPair.publicKey, text, sign(keyPair, text));
      const verdict = verify(...mutated);
      expect(verifyPortable(...mutated), JSON.stringify(mutated)).toBe(verdict);
      if (verdict) accepted++;
    }
  expect(accepted).toBe(120);
}, 60_000);

type Case = [PublicKey, Uint8Array, Signature];

/** One in six stays as it is. */
function mutate(i: number, key: PublicKey, text: Uint8Array, signature: Signature): Case {
  const [r, s] = [number(signature.slice(0, 64)), number(signature.slice(64))];
  switch (i % 6) {
    case 0:
      return [key, text, signature];
    case 1:
      return [key, text, flipBit(signature) as Signature];
    case 2:
      return [flipBit(key) as PublicKey, text, signature];
    case 3:
      return [key, concat(text, Uint8Array.of(0)), signature];
    case 4:
      return [key, text, (hex32(n - r) + hex32(s)) as Signature];
    default:
      return [key, text, (hex32(r) + hex32(n - s)) as Signature];
  }
}

function flipBit(hex: string): string {
  const bytes = fromHex(hex);
  const [where = 0, bit = 0] = systemRandom.bytes(2);
  const at = where % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit % 8));
  return toHex(bytes);
}
