import { AssertionError } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { createMetrics, secondsBuckets } from "./metrics.ts";

test("counters, gauges and histograms appear with prefix, unit and labels", async () => {
  const metrics = createMetrics({ processMetrics: false });
  const refused = metrics.counter({ name: "hellos_refused", help: "h", labels: ["code"] });
  refused.add(2, { code: "EXPIRED" });
  metrics.gauge({ name: "queue", unit: "bytes", help: "h" }).set(5);
  const wait = { name: "wait", unit: "seconds", help: "h", buckets: secondsBuckets } as const;
  metrics.histogram(wait).observe(0.02);
  const text = await metrics.text();
  expect(text).toContain('meshwork_hellos_refused_total{code="EXPIRED"} 2');
  expect(text).toContain("meshwork_queue_bytes 5");
  expect(text).toContain('meshwork_wait_seconds_bucket{le="0.03"} 1');
  expect(text).toContain('meshwork_wait_seconds_bucket{le="0.01"} 0');
});

test("two processes' registries in one process do not mix", async () => {
  const one = createMetrics({ processMetrics: false });
  const other = createMetrics({ processMetrics: false });
  one.counter({ name: "a", help: "h" }).add(1);
  expect(await other.text()).not.toContain("meshwork_a_total");
});

test("the process's own measures are there unless refused", async () => {
  expect(await createMetrics().text()).toContain("process_resident_memory_bytes");
});

test("a name with its unit or in another case is the program's mistake", () => {
  const metrics = createMetrics({ processMetrics: false });
  expect(() => metrics.counter({ name: "Bad-Name", help: "h" })).toThrow(AssertionError);
});
