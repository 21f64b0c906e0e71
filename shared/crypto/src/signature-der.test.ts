import { fromHex, type Signature, toHex } from "@meshwork/foundation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { signatureFromDer, signatureToDer } from "./signature-der.ts";

const hexOf = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => toHex(value));

test("every r ‖ s survives the way to DER and back", () => {
  fc.assert(
    fc.property(hexOf(64), (raw) => signatureFromDer(signatureToDer(raw as Signature)) === raw),
    { numRuns: 2_000 },
  );
});

test.each([
  ["small numbers", "01", "7f", "300602010102017f"],
  ["a number that reads as negative without its zero", "80", "ff", "30080202008002" + "0200ff"],
  ["zeros", "00", "00", "3006020100020100"],
])("%s take the shortest DER", (_name, r, s, der) => {
  const raw = (r.padStart(64, "0") + s.padStart(64, "0")) as Signature;
  expect(toHex(signatureToDer(raw))).toBe(der);
});

test.each([
  ["nothing", ""],
  ["an integer alone", "020101"],
  ["one integer", "3003020101"],
  ["a needless zero before r", "300702020001020101"],
  ["a length in long form", "3081060201010201" + "01"],
  ["an indefinite length", "30800201010201010000"],
  ["bytes after the end", "300602010102010100"],
  ["a sequence longer than its bytes", "3007020101020101"],
  ["an integer longer than its bytes", "3006020101020201"],
  ["a negative integer", "30060201ff020101"],
  ["an integer of no bytes", "30050200020101"],
  ["an integer of 33 digits", `3026022101${"00".repeat(32)}020101`],
  ["three integers", "3009020101020101020101"],
  ["another tag", "3106020101020101"],
])("%s is no signature", (_name, der) => {
  expect(() => signatureFromDer(fromHex(der))).toThrow(TypeError);
});

test("whatever bytes come, they are read as the one DER of what they say, or refused", () => {
  const tampered = fc
    .tuple(hexOf(64), fc.array(fc.tuple(fc.nat(72), fc.nat(255)), { maxLength: 4 }))
    .map(([raw, edits]) => {
      const der = signatureToDer(raw as Signature);
      for (const [at, byte] of edits) if (at < der.length) der[at] = byte;
      return der;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 80 }), tampered), (der) => {
      try {
        expect(toHex(signatureToDer(signatureFromDer(der)))).toBe(toHex(der));
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
      }
    }),
    { numRuns: 4_000 },
  );
});
