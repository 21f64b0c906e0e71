import { concat, fromHex, type Key25519, toHex, utf8, type VrfProof } from "@meshwork/foundation";
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { vrfKeyPair, vrfOutput, vrfProve, vrfVerify } from "./vrf.ts";

/** RFC 9381, B.3: ECVRF-EDWARDS25519-SHA512-TAI. */
const EXAMPLES = [
  {
    name: "example 16",
    seed: "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    publicKey: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    alpha: "",
    proof:
      "8657106690b5526245a92b003bb079ccd1a92130477671f6fc01ad16f26f723f" +
      "26f8a57ccaed74ee1b190bed1f479d97" +
      "27d2d0f9b005a6e456a35d4fb0daab1268a1b0db10836d9826a528ca76567805",
    output:
      "90cf1df3b703cce59e2a35b925d411164068269d7b2d29f3301c03dd757876ff" +
      "66b71dda49d2de59d03450451af026798e8f81cd2e333de5cdf4f3e140fdd8ae",
  },
  {
    name: "example 17, whose second try reaches the curve",
    seed: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    publicKey: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    alpha: "72",
    proof:
      "f3141cd382dc42909d19ec5110469e4feae18300e94f304590abdced48aed593" +
      "3bf0864a62558b3ed7f2fea45c92a465" +
      "301b3bbf5e3e54ddf2d935be3b67926da3ef39226bbc355bdc9850112c8f4b02",
    output:
      "eb4440665d3891d668e7e0fcaf587f1b4bd7fbfe99d0eb2211ccec90496310eb" +
      "5e33821bc613efb94db5e5b54c70a848a0bef4553a41befc57663b56373a5031",
  },
  {
    name: "example 18",
    seed: "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    publicKey: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    alpha: "af82",
    proof:
      "9bc0f79119cc5604bf02d23b4caede71393cedfbb191434dd016d30177ccbf80" +
      "96bb474e53895c362d8628ee9f9ea3c0" +
      "e52c7a5c691b6c18c9979866568add7a2d41b00b05081ed0f58ee5e31b3a970e",
    output:
      "645427e5d00c62a23fb703732fa5d892940935942101e456ecca7bb217c61c45" +
      "2118fec1219202a0edcf038bb6373241578be7217ba85a2687f7a0310b2df19f",
  },
];

describe.each(EXAMPLES)("RFC 9381, $name", ({ seed, publicKey, alpha, proof, output }) => {
  test("has this key and this proof", () => {
    expect(vrfKeyPair(fromHex(seed)).publicKey).toBe(publicKey);
    expect(vrfProve(fromHex(seed), fromHex(alpha))).toBe(proof);
  });

  test("has this output, once verified", () => {
    const verified = vrfVerify(publicKey as Key25519, fromHex(alpha), proof as VrfProof);
    expect(toHex(verified ?? new Uint8Array(0))).toBe(output);
    expect(toHex(vrfOutput(proof as VrfProof) ?? new Uint8Array(0))).toBe(output);
  });
});

const keyPair = vrfKeyPair(fromHex("01".repeat(32)));
const alpha = utf8("beacon of height 7");
const proof = vrfProve(keyPair.seed, alpha);
const q = ed25519.Point.Fn.ORDER;

describe("a proof", () => {
  test("holds for its own key and input alone", () => {
    const other = vrfKeyPair(fromHex("02".repeat(32))).publicKey;
    expect(vrfVerify(keyPair.publicKey, alpha, proof)).toHaveLength(64);
    expect(vrfVerify(other, alpha, proof)).toBeNull();
    expect(vrfVerify(keyPair.publicKey, utf8("beacon of height 8"), proof)).toBeNull();
  });

  test("is the same every time", () => {
    expect(vrfProve(keyPair.seed, alpha)).toBe(proof);
  });

  test("holds no longer when any one of its bytes is another", () => {
    for (let i = 0; i < 80; i++) {
      const bytes = fromHex(proof);
      bytes[i] = (bytes[i] ?? 0) ^ (1 << (i % 8));
      expect(vrfVerify(keyPair.publicKey, alpha, toHex(bytes) as VrfProof), `byte ${i}`).toBeNull();
    }
  });

  test("is refused with s + q, which is the same number modulo q", () => {
    const s = BigInt(`0x${toHex(fromHex(proof.slice(96)).reverse())}`);
    const beyond = toHex(fromHex((s + q).toString(16).padStart(64, "0")).reverse());
    expect(
      vrfVerify(keyPair.publicKey, alpha, (proof.slice(0, 96) + beyond) as VrfProof),
    ).toBeNull();
  });

  test.each([
    ["upper case", proof.toUpperCase()],
    ["a byte short", proof.slice(2)],
    ["a byte long", `${proof}00`],
    ["nothing", ""],
    ["no text", undefined],
  ])("is refused in another form: %s", (_form, text) => {
    expect(vrfVerify(keyPair.publicKey, alpha, text as VrfProof)).toBeNull();
    expect(vrfOutput(text as VrfProof)).toBeNull();
  });
});

test("a key of small order, whose holder could choose his output, proves nothing", () => {
  expect(ED25519_TORSION_SUBGROUP).toHaveLength(8);
  for (const point of ED25519_TORSION_SUBGROUP) {
    const forged = forge(ed25519.Point.fromHex(point), alpha);
    expect(vrfVerify(point as Key25519, alpha, forged), point).toBeNull();
  }
});

/**
 * When c·Y and c·Gamma vanish, (k·B, k·H) answers the challenge without any secret. That takes a c
 * which is a multiple of the order: one k in eight gives one. Only the check of the key stops it.
 */
function forge(y: typeof ed25519.Point.BASE, input: Uint8Array): VrfProof {
  const h = hashToCurve(y, input);
  for (let k = 2n; ; k++) {
    const points = [y, h, y, ed25519.Point.BASE.multiply(k), h.multiply(k)];
    const c = sha512(
      concat(Uint8Array.of(3, 2), ...points.map((point) => point.toBytes()), Uint8Array.of(0)),
    ).subarray(0, 16);
    const s = fromHex(k.toString(16).padStart(64, "0")).reverse();
    if ((c[0] ?? 1) % 8 === 0) return toHex(concat(y.toBytes(), c, s)) as VrfProof;
  }
}

function hashToCurve(y: typeof ed25519.Point.BASE, input: Uint8Array) {
  for (let counter = 0; ; counter++) {
    const hash = sha512(concat(Uint8Array.of(3, 1), y.toBytes(), input, Uint8Array.of(counter, 0)));
    try {
      return ed25519.Point.fromBytes(hash.subarray(0, 32)).clearCofactor();
    } catch {
      // Not on the curve: the next one.
    }
  }
}

test("coordinates beyond the prime are refused, so that a key has one spelling", () => {
  // y = p + 1 spells the neutral point's y = 1.
  const spelling = `ee${"ff".repeat(30)}7f` as Key25519;
  expect(() => ed25519.Point.fromHex(spelling, true)).not.toThrow();
  expect(vrfVerify(spelling, alpha, proof)).toBeNull();
  expect(vrfOutput((spelling + proof.slice(64)) as VrfProof)).toBeNull();
});

test("2,000 strings that are no proofs are refused, and nothing throws", () => {
  const hex = fc.uint8Array({ minLength: 80, maxLength: 80 }).map((bytes) => toHex(bytes));
  fc.assert(
    fc.property(fc.oneof(hex, fc.string()), (text) => {
      expect(vrfVerify(keyPair.publicKey, alpha, text as VrfProof)).toBeNull();
      expect(vrfVerify(text.slice(0, 64) as Key25519, alpha, proof)).toBeNull();
    }),
    { numRuns: 1_000 },
  );
});
