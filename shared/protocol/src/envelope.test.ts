import { generateKeyPair, nodeIdOf } from "@meshwork/crypto";
import { type ChainId, type Digest, toHex, utf8 } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import {
  type EnvelopeHeader,
  envelope,
  envelopeHeader,
  payloadHashOf,
  sealEnvelopes,
  verifyEnvelope,
} from "./envelope.ts";

const alice = generateKeyPair();
const bob = generateKeyPair();

function headerOf(payload: Uint8Array, seq = 0): EnvelopeHeader {
  return {
    chainId: "11".repeat(32) as ChainId,
    kind: "send",
    from: nodeIdOf(alice.publicKey),
    publicKey: alice.publicKey,
    to: nodeIdOf(bob.publicKey),
    id: toHex(crypto.getRandomValues(new Uint8Array(32))) as Digest,
    inReplyTo: null,
    stream: "task",
    incarnation: 2n ** 64n - 1n,
    seq,
    settled: 0,
    sent: 1_700_000_000_000,
    ttlMs: 60_000,
    traceparent: "",
    payloadHash: payloadHashOf(payload),
  };
}

function sealed(count: number) {
  const payloads = Array.from({ length: count }, (_, i) => utf8(`payload ${i}`));
  const envelopes = sealEnvelopes(alice, payloads.map(headerOf));
  return payloads.map((payload, i) => ({ payload, envelope: envelopes[i] as never }));
}

describe("an envelope", () => {
  test("proves its sender and payload to anybody, alone or as one of 2, 7 or 256", () => {
    for (const count of [1, 2, 7, 256])
      for (const { payload, envelope } of sealed(count))
        expect(verifyEnvelope(alice.publicKey, envelope, payload)).toBe(true);
  });

  test("does not prove another payload, another sender, or a changed header", () => {
    const [one, other] = sealEnvelopes(alice, [headerOf(utf8("a")), headerOf(utf8("b"))]);
    if (!one || !other) throw new Error("two were sealed");
    expect(verifyEnvelope(alice.publicKey, one, utf8("b"))).toBe(false);
    expect(verifyEnvelope(bob.publicKey, one, utf8("a"))).toBe(false);
    const header = { ...one.header, ttlMs: 1 };
    expect(verifyEnvelope(alice.publicKey, { ...one, header }, utf8("a"))).toBe(false);
  });

  test("cannot be moved to another place or another batch", () => {
    const [one, other] = sealEnvelopes(alice, [headerOf(utf8("a")), headerOf(utf8("b"))]);
    const [alone] = sealEnvelopes(alice, [headerOf(utf8("c"))]);
    if (!one || !other || !alone) throw new Error("three were sealed");
    for (const batch of [other.batch, alone.batch, { ...one.batch, count: 1 }])
      expect(verifyEnvelope(alice.publicKey, { ...one, batch }, utf8("a"))).toBe(false);
    const grafted = { ...one, signature: alone.signature };
    expect(verifyEnvelope(alice.publicKey, grafted, utf8("a"))).toBe(false);
  });

  test("has one encoding, within its bounds", () => {
    const [value] = sealEnvelopes(alice, [headerOf(utf8("a"))]);
    if (!value) throw new Error("one was sealed");
    expect(envelope.decode(envelope.encode(value))).toEqual(value);
    expect(envelopeHeader.encode(value.header).length).toBeLessThan(512);
  });
});
