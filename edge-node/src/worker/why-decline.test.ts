import { type Dispatch, type Outside, plainWork, type TaskRecord } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { createPace } from "./pace.ts";
import { whyDecline } from "./why-decline.ts";

const GIGAFUEL = 1_000_000_000n;
const asked = (maxFuel: bigint, runMs: number) =>
  ({ order: { maxFuel, deadlines: { runMs }, work: plainWork } }) as unknown as TaskRecord;
const contract = (fuel: bigint, outside: Outside | null = null) =>
  ({
    contract: { limits: { fuel }, comparator: { kind: "exact" }, outside, rubric: null },
  }) as unknown as Dispatch;
const node = (pace = createPace(), room = true) => ({
  pace,
  hasRoom: () => room,
  outside: { services: { fetchPage: null, askModel: null, serves: (at: string) => at === HERE } },
});
const HERE = "https://here.example";

test("a node that is full leaves the task to others", () => {
  expect(whyDecline(node(createPace(), false), asked(1n, 1), contract(1n))?.code).toBe("NO_ROOM");
});

test("a contract that allows more fuel than its order pays for is declined", () => {
  expect(whyDecline(node(), asked(5n, 1), contract(6n))?.code).toBe("FUEL_ABOVE_ORDER");
  expect(whyDecline(node(), asked(5n, 1), contract(5n))).toBeNull();
});

test("a deadline that even the machine's best run could not meet is declined", () => {
  const pace = createPace();
  pace.ran(GIGAFUEL, 4_000);
  pace.ran(GIGAFUEL, 2_000);
  pace.ran(GIGAFUEL, 9_000);
  expect(
    whyDecline(node(pace), asked(10n * GIGAFUEL, 20_000), contract(10n * GIGAFUEL)),
  ).toBeNull();
  expect(
    whyDecline(node(pace), asked(10n * GIGAFUEL, 19_999), contract(10n * GIGAFUEL))?.code,
  ).toBe("TOO_SLOW");
});

test("a short run says nothing about the machine's pace", () => {
  const pace = createPace();
  pace.ran(GIGAFUEL - 1n, 60_000);
  expect(pace.leastMs(10n * GIGAFUEL)).toBe(0);
});

test("a contract that asks the world, though its order says that the work is deterministic, is declined", () => {
  const outside = { origins: [HERE], model: false };
  expect(whyDecline(node(), asked(1n, 1), contract(1n, outside))?.code).toBe("CONTRACT_FLAWED");
});

test("a task that fetches from where this worker's owner does not want it to is declined", () => {
  const task = asked(1n, 1);
  const work = { nature: "attested", comparison: "exact", needs: ["fetch"] };
  const recorded = { order: { ...task.order, work } } as unknown as TaskRecord;
  const from = (...origins: string[]) => {
    const { contract: about } = contract(1n, { origins, model: false });
    const js = { ...about, runtime: "js-qjs-v1", limits: { ...about.limits, steps: 1 } };
    return { contract: js } as unknown as Dispatch;
  };
  expect(whyDecline(node(), recorded, from(HERE))).toBeNull();
  expect(whyDecline(node(), recorded, from(HERE, "https://there.example"))?.code).toBe(
    "HOST_NOT_SERVED",
  );
});
