import { concat, utf8 } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { digestOf } from "./domain.ts";
import { sm3Hex } from "./sm3.ts";

const [ab, c, a, bc] = ["ab", "c", "a", "bc"].map(utf8) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
  Uint8Array,
];

test("a digest is SM3 over the domain and the parts, each behind its length", () => {
  expect(digestOf("meshwork/vote/1", ab, c)).toBe(
    sm3Hex(utf8("\u{f}meshwork/vote/1\0\0\0\u{2}ab\0\0\0\u{1}c")),
  );
});

test("the same bytes mean another thing in another domain", () => {
  expect(digestOf("meshwork/vote/1", ab)).not.toBe(digestOf("meshwork/header/1", ab));
});

test("where one part ends and the next begins is part of the digest", () => {
  const digests = [
    digestOf("meshwork/vote/1", ab, c),
    digestOf("meshwork/vote/1", a, bc),
    digestOf("meshwork/vote/1", utf8("abc")),
    digestOf("meshwork/vote/1", utf8("abc"), new Uint8Array(0)),
    digestOf("meshwork/vote/1"),
  ];
  expect(new Set(digests).size).toBe(digests.length);
});

test("a digest is the same whatever was hashed before it, and however long its parts are", () => {
  const name = utf8("\u{f}meshwork/vote/1");
  for (const length of [5_000, 0, 1_003, 1_004, 1_005, 255, 256, 70_000, 3]) {
    const part = new Uint8Array(length).fill(length);
    const size = Uint8Array.of(0, length >> 16, length >> 8, length);
    expect(digestOf("meshwork/vote/1", part)).toBe(sm3Hex(concat(name, size, part)));
  }
});
