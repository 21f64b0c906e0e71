import { describe, expect, test } from "vitest";
import { fromHex, toHex } from "./bytes.ts";

describe("hex", () => {
  test("goes both ways for every byte", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    expect(fromHex(toHex(bytes))).toEqual(bytes);
    expect(fromHex("")).toEqual(new Uint8Array(0));
  });

  test("is refused in any other form: two texts never name the same bytes", () => {
    for (const text of ["0", "0g", "AB", "0x00", " 00", "é0", "0\u{10000}", "/0", ":0", "`0"])
      expect(() => fromHex(text), text).toThrow(TypeError);
  });
});
