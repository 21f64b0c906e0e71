import { concat, utf8 } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { encodeFrame, type Frame, FrameReader } from "./sandbox-frames.ts";
import { parseReply } from "./sandbox-replies.ts";

const frame = (header: unknown, blobs: readonly Uint8Array[] = []) =>
  concat(...encodeFrame(header, blobs));

describe("frames", () => {
  test("arrive whole, however their bytes are cut", () => {
    const bytes = concat(
      frame({ kind: "a" }, [utf8("one"), new Uint8Array(0), new Uint8Array(300)]),
      frame({ kind: "b" }),
    );
    for (const size of [1, 2, 3, 5, 100, bytes.length]) {
      const reader = new FrameReader(() => 1_000);
      const frames: Frame[] = [];
      for (let at = 0; at < bytes.length; at += size)
        frames.push(...reader.push(bytes.slice(at, at + size)));
      expect(frames.map(({ header }) => header)).toEqual([{ kind: "a" }, { kind: "b" }]);
      expect(frames[0]?.blobs.map((blob) => blob.length)).toEqual([3, 0, 300]);
    }
  });

  test("are refused as soon as they announce too much, or lie about their parts", () => {
    const reader = () => new FrameReader(() => 1_000);
    expect(() => reader().push(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toThrow(RangeError);
    expect(() => reader().push(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 9))).toThrow(RangeError);
    expect(() => reader().push(Uint8Array.of(0, 0, 0, 2, 1, 2))).toThrow(RangeError);
    expect(() => reader().push(concat(Uint8Array.of(0, 0, 0, 6, 0, 0, 0, 2), utf8("{]")))).toThrow(
      SyntaxError,
    );
  });
});

describe("what a child says is taken for what it may be", () => {
  const bytes = new Uint8Array(1);
  const lies: [title: string, header: unknown, blobs?: Uint8Array<ArrayBuffer>[]][] = [
    ["an unknown kind", { kind: "pwned" }],
    ["no object", null],
    ["a member too many", { kind: "ready", more: 1 }],
    ["no steps", { kind: "opened", steps: 0 }],
    ["endless steps", { kind: "opened", steps: 1e9 }],
    ["negative fuel", { kind: "done", fuel: "-1" }, [bytes, bytes]],
    ["fuel that is no number", { kind: "done", fuel: "0x10" }, [bytes, bytes]],
    ["endless fuel", { kind: "done", fuel: "9".repeat(1_000) }, [bytes, bytes]],
    ["one blob too few", { kind: "done", fuel: "1" }, [bytes]],
    ["one blob too many", { kind: "done", fuel: "1" }, [bytes, bytes, bytes]],
    ["an unknown fault", { kind: "fault", code: "BAD_MOOD", message: "", fuel: "1" }],
    ["a long message", { kind: "fault", code: "TRAP", message: "x".repeat(2_000), fuel: "1" }],
    ["blobs where none belong", { kind: "ready" }, [bytes]],
  ];
  test.each(lies)("and %s is refused", (_title, header, blobs = []) => {
    expect(() => parseReply({ header, blobs })).toThrow();
  });
});
