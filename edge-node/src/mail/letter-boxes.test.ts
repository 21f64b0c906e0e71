import { limits, type NodeId, type OrderId } from "@meshwork/foundation";
import type { TaskMessage } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { EarlyLetters, type Letter, LetterBoxes } from "./letter-boxes.ts";

const order = (number: number) => number.toString(16).padStart(64, "0") as OrderId;
const letter = (from: string, sizeBytes: number, kind = "report"): Letter => ({
  from: from as NodeId,
  message: { kind } as TaskMessage,
  sizeBytes,
});

test("large letters of one sender end at his share, and leave room for others", () => {
  const boxes = new LetterBoxes();
  const half = limits.letterBytesPerSender / 2;
  const kept = [half, half, 1].map((size) => boxes.keep(order(1), letter("a", size)));
  expect(kept).toEqual([true, true, false]);
  expect(boxes.keep(order(1), letter("b", half))).toBe(true);
  expect(boxes.keep(order(2), letter("a", half))).toBe(true);
});

test("when all together are too large, the order that was written about least lately goes", () => {
  const boxes = new LetterBoxes();
  const size = limits.letterBytesPerSender / 2;
  const fit = limits.letterBytes / size;
  for (let i = 0; i < fit; i++) boxes.keep(order(i), letter("a", size));
  boxes.keep(order(0), letter("b", 1));
  expect([0, 1, 2].map((i) => boxes.of(order(i)).length)).toEqual([2, 0, 1]);
});

test("progress that replaces older progress takes no more room", () => {
  const boxes = new LetterBoxes();
  const size = limits.letterBytesPerSender;
  for (let i = 0; i < 2 * (limits.letterBytes / size); i++)
    expect(boxes.keep(order(1), letter("a", size, "progress"))).toBe(true);
  boxes.keep(order(2), letter("a", size));
  expect([1, 2].map((i) => boxes.of(order(i)).length)).toEqual([1, 1]);
});

test("of letters that anybody can send, large ones and one sender's many are dropped", () => {
  const early = new EarlyLetters();
  early.keep(order(1), letter("a", limits.earlyLetterBytes + 1));
  expect(early.of(order(1))).toHaveLength(0);
  for (let i = 0; i < limits.earlyLetters; i++) early.keep(order(1), letter("a", 1));
  expect(early.of(order(1))).toHaveLength(limits.earlyLettersPerSender);
  for (let i = 0; i < limits.earlyLetters; i++) early.keep(order(2), letter(`${i}`, 1));
  expect(early.of(order(1))).toHaveLength(0);
  expect(early.of(order(2))).toHaveLength(limits.earlyLetters);
});
