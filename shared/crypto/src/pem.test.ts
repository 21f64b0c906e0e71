import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { fromHex, toHex } from "@meshwork/foundation";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exportPrivatePem, exportPublicPem, importPrivatePem, importPublicPem } from "./pem.ts";
import { generateKeyPair, keyPairFromSecret, secretOf } from "./sm2.ts";

const keyPair = keyPairFromSecret(
  fromHex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"),
);
const privatePem = exportPrivatePem(keyPair);
const publicPem = exportPublicPem(keyPair.publicKey);

/** The DER of `privatePem` with some of its bytes replaced. */
function edited(at: number, hex: string): string {
  const der = keyPair.privateKey.export({ format: "der", type: "pkcs8" });
  der.set(fromHex(hex), at);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
}
const SECRET_AT = 36;
const POINT_AT = 73;

test("keys go out and come back the same", () => {
  for (let i = 0; i < 20; i++) {
    const random = generateKeyPair();
    const back = importPrivatePem(exportPrivatePem(random));
    expect(toHex(secretOf(back))).toBe(toHex(secretOf(random)));
    expect(back.publicKey).toBe(random.publicKey);
    expect(importPublicPem(exportPublicPem(random.publicKey))).toBe(random.publicKey);
  }
});

test("a key that OpenSSL generated comes in", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "SM2" });
  const imported = importPrivatePem(privateKey.export({ format: "pem", type: "pkcs8" }).toString());
  expect(imported.publicKey).toBe(
    importPublicPem(publicKey.export({ format: "pem", type: "spki" }).toString()),
  );
});

describe("a private key is refused", () => {
  const otherPoint = toHex(
    generateKeyPair().privateKey.export({ format: "der", type: "pkcs8" }).subarray(POINT_AT),
  );
  const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const encrypted = keyPair.privateKey.export({
    format: "pem",
    type: "pkcs8",
    cipher: "aes-256-cbc",
    passphrase: "x",
  });

  test("if OpenSSL would take it with somebody else's public key", () => {
    expect(() => createPrivateKey(edited(POINT_AT, otherPoint))).not.toThrow();
  });

  test.each([
    ["with somebody else's public key", edited(POINT_AT, otherPoint)],
    ["with a hybrid public key", edited(POINT_AT, "07")],
    ["with d = 0", edited(SECRET_AT, "00".repeat(32))],
    [
      "with d = n − 1",
      edited(SECRET_AT, "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54122"),
    ],
    ["of another curve", p256.export({ format: "pem", type: "pkcs8" }).toString()],
    [
      "of another kind",
      generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    ],
    ["that is encrypted", encrypted.toString()],
    ["that is public", publicPem],
    ["cut short", privatePem.slice(0, 100)],
    ["of no text", ""],
  ])("%s", (_name, pem) => {
    expect(() => importPrivatePem(pem)).toThrow(expect.objectContaining({ code: "PEM_INVALID" }));
  });
});

describe("a public key is refused", () => {
  const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
  test.each([
    ["that is the private one", privatePem],
    ["of another curve", p256.export({ format: "pem", type: "spki" }).toString()],
    ["cut short", publicPem.slice(0, 80)],
    ["of no text", ""],
  ])("%s", (_name, pem) => {
    expect(() => importPublicPem(pem)).toThrow(expect.objectContaining({ code: "PEM_INVALID" }));
  });

  test("though OpenSSL would read a private key as its public one", () => {
    expect(() => createPublicKey(privatePem)).not.toThrow();
  });
});

test("no error shows the text that it is about", () => {
  try {
    importPrivatePem(edited(POINT_AT, "05"));
    expect.unreachable();
  } catch (error) {
    expect(String(error)).not.toContain(privatePem.split("\n")[1]);
  }
});

test("2,000 damaged files give the key that they hold or one coded error", () => {
  const edit = fc.tuple(fc.nat(privatePem.length - 1), fc.string({ maxLength: 2 }));
  fc.assert(
    fc.property(edit, ([at, text]) => {
      const damaged = privatePem.slice(0, at) + text + privatePem.slice(at + 1);
      try {
        expect(importPrivatePem(damaged).publicKey).toBe(keyPair.publicKey);
      } catch (error) {
        expect(error).toMatchObject({ code: "PEM_INVALID" });
      }
    }),
    { numRuns: 2_000 },
  );
});
