import { type PublicKey, type Signature, utf8 } from "@meshwork/foundation";
import fc from "fast-check";
import { expect, test } from "vitest";
import { packChecks, type SignatureCheck, verifyPacked } from "./signature-batch.ts";
import { generateKeyPair, sign, verify } from "./sm2.ts";

const keyPairs = [generateKeyPair(), generateKeyPair()] as const;
const good = (text: string, by: 0 | 1): SignatureCheck => ({
  publicKey: keyPairs[by].publicKey,
  message: utf8(text),
  signature: sign(keyPairs[by], utf8(text)),
});

const someCheck = fc
  .tuple(fc.string({ maxLength: 80 }), fc.constantFrom<0 | 1>(0, 1), fc.nat(6))
  .map(([text, by, wound]): SignatureCheck => {
    const check = good(text, by);
    if (wound === 1) return { ...check, message: utf8(`${text}.`) };
    if (wound === 2) return { ...check, publicKey: keyPairs[by === 0 ? 1 : 0].publicKey };
    if (wound === 3) return { ...check, publicKey: `02${"ff".repeat(32)}` as PublicKey };
    if (wound === 4) return { ...check, signature: "0".repeat(128) as Signature };
    if (wound === 5) return { ...check, signature: check.signature.toUpperCase() as Signature };
    return check;
  });

test("a packed batch says of each signature, in order, what it alone would say", () => {
  fc.assert(
    fc.property(fc.array(someCheck, { maxLength: 6 }), (checks) => {
      const alone = checks.map((each) => verify(each.publicKey, each.message, each.signature));
      expect([...verifyPacked(packChecks(checks))]).toEqual(alone.map(Number));
    }),
    { numRuns: 40 },
  );
});

test("a key that many have signed with is another's in no batch", () => {
  const [mine, others] = [good("mine", 0), good("others", 1)];
  const swapped = { ...mine, publicKey: others.publicKey };
  expect([...verifyPacked(packChecks([mine, others, swapped, mine]))]).toEqual([1, 1, 0, 1]);
});
