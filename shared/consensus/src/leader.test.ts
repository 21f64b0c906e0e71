import { expect, test } from "vitest";
import { leaderOf } from "./leader.ts";

const order = [2, 0, 3, 1];

test("the lead goes round with the height and with the view", () => {
  const heights = [0, 1, 2, 3, 4].map((height) => leaderOf({ order }, { height, view: 0 }));
  const views = [0, 1, 2, 3, 4].map((view) => leaderOf({ order }, { height: 1, view }));
  expect(heights).toEqual([2, 0, 3, 1, 2]);
  expect(views).toEqual([0, 3, 1, 2, 0]);
});

test("whoever failed a height in view 0 leads none of its views again before all others did", () => {
  const leaders = [0, 1, 2, 3].map((view) => leaderOf({ order }, { height: 77, view }));
  expect(new Set(leaders).size).toBe(4);
});
