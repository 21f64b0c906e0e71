import { generateKeyPair, type SignatureCheck, sign } from "@meshwork/crypto";
import { utf8 } from "@meshwork/foundation";
import { afterEach, expect, test } from "vitest";
import { createSignaturePool, type SignaturePool } from "./signature-pool.ts";

const keyPairs = Array.from({ length: 5 }, () => generateKeyPair());
const good = (i: number): SignatureCheck => {
  const keyPair = keyPairs[i % keyPairs.length] as (typeof keyPairs)[number];
  const message = utf8(`message ${i}`);
  return { publicKey: keyPair.publicKey, message, signature: sign(keyPair, message) };
};
const bad = (i: number): SignatureCheck => ({ ...good(i), message: utf8("another") });

let pool: SignaturePool;
afterEach(() => pool.stop());

test.each([0, 1, 2, 3])(
  "%i threads say of each signature, in order, what it is",
  async (threads) => {
    pool = createSignaturePool({ threads });
    const expected = Array.from({ length: 101 }, (_, i) => i % 7 !== 3);
    const checks = expected.map((isGood, i) => (isGood ? good(i) : bad(i)));
    expect(await pool.verify(checks)).toEqual(expected);
    // Batches that overlap do not mix.
    const [all, none, few] = await Promise.all([
      pool.verify(checks.filter((_, i) => expected[i])),
      pool.verify(Array.from({ length: 40 }, (_, i) => bad(i))),
      pool.verify([good(1), bad(2)]),
    ]);
    expect([new Set(all), new Set(none), few]).toEqual([
      new Set([true]),
      new Set([false]),
      [true, false],
    ]);
  },
);

test("what is garbage is false, and breaks no thread", async () => {
  pool = createSignaturePool({ threads: 2 });
  const garbage = [
    { ...good(0), publicKey: "zz" as never },
    { ...good(0), signature: "" as never },
    { ...good(0), signature: "ff".repeat(64) as never },
  ];
  const checks = [...garbage, ...Array.from({ length: 30 }, (_, i) => good(i))];
  expect(await pool.verify(checks)).toEqual(checks.map((_, i) => i >= 3));
});

test("whoever waits is answered even when the threads are ended", async () => {
  pool = createSignaturePool({ threads: 2 });
  const checks = Array.from({ length: 60 }, (_, i) => (i === 7 ? bad(i) : good(i)));
  const answer = pool.verify(checks);
  await pool.stop();
  expect(await answer).toEqual(checks.map((_, i) => i !== 7));
  expect(await pool.verify(checks)).toEqual(checks.map((_, i) => i !== 7));
});
