import { limits, type Signature, toHex } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { block } from "./block.ts";
import { WireError } from "./canonical.ts";
import { sampleBlock } from "./testing/network-samples.ts";
import { sampleTransactions } from "./testing/samples.ts";
import { type Transaction, transaction } from "./transaction.ts";

const sent = sampleTransactions[0] as Transaction;
const bytes = transaction.encode(sent);

test("a transaction that comes again is the same value, alone and in a block", () => {
  const known = transaction.decode(bytes);
  expect(transaction.decode(new Uint8Array(bytes))).toBe(known);
  const inBlock = block.encode({ ...sampleBlock, transactions: [sent] });
  expect(block.decode(inBlock).transactions[0]).toBe(known);
});

test("one of which a single bit differs is what it says itself, or refused", () => {
  for (let at = 0; at < 8 * bytes.length; at++) {
    transaction.decode(bytes);
    const other = new Uint8Array(bytes);
    other[at >> 3] = (other[at >> 3] as number) ^ (1 << (at & 7));
    const read = readOrNull(other);
    if (read) expect(toHex(transaction.encode(structuredClone(read)))).toBe(toHex(other));
  }
  expect(transaction.decode(bytes)).toEqual(sent);
});

test("the same body under another signature is another value", () => {
  const known = transaction.decode(bytes);
  const end = sent.signature.endsWith("0") ? "1" : "0";
  const forged = { ...sent, signature: `${sent.signature.slice(0, -1)}${end}` as Signature };
  const read = transaction.decode(transaction.encode(forged));
  expect(read).not.toBe(known);
  expect(read).toEqual(forged);
  expect(transaction.decode(bytes)).toBe(known);
});

test("one that was cut short is refused, however well its beginning is known", () => {
  transaction.decode(bytes);
  for (let length = 0; length < bytes.length; length++)
    expect(() => transaction.decode(bytes.subarray(0, length))).toThrow(WireError);
});

test("what was seen long ago is forgotten: memory has a bound", () => {
  const known = transaction.decode(bytes);
  for (let i = 0; i < limits.rememberedValues; i++) {
    const end = i.toString(16).padStart(8, "0");
    const signature = `${sent.signature.slice(0, -8)}${end}` as Signature;
    transaction.decode(transaction.encode({ ...sent, signature }));
  }
  const read = transaction.decode(bytes);
  expect(read).toEqual(known);
  expect(read).not.toBe(known);
});

function readOrNull(other: Uint8Array): Transaction | null {
  try {
    return transaction.decode(other);
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return null;
  }
}
