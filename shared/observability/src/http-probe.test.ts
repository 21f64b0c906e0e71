import { afterEach, expect, test } from "vitest";
import { type HttpProbe, type Readiness, startHttpProbe } from "./http-probe.ts";
import { createMetrics } from "./metrics.ts";

let probe: HttpProbe | undefined;
afterEach(() => probe?.stop());

async function started(readiness: Readiness = () => null): Promise<HttpProbe> {
  const metrics = createMetrics({ processMetrics: false });
  metrics.counter({ name: "seen", help: "h" }).add(3);
  probe = await startHttpProbe({ metrics, readiness }, { port: 0 });
  return probe;
}

test("metrics, health and readiness are served on a port of the system's choice", async () => {
  const { url } = await started();
  expect(await (await fetch(`${url}/metrics`)).text()).toContain("meshwork_seen_total 3");
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect((await fetch(`${url}/else`)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(404);
});

test("a process that is not ready says 503 and why, and is healthy all the same", async () => {
  const { url } = await started(() => "no relay connected");
  const answer = await fetch(`${url}/readyz`);
  expect([answer.status, await answer.text()]).toEqual([503, "no relay connected\n"]);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
});

test("a readiness check that throws is an error, not a crash", async () => {
  const { url } = await started(() => Promise.reject(new Error("broken")));
  expect((await fetch(`${url}/readyz`)).status).toBe(500);
});

test("stopping closes the port, also under an idle keep-alive connection", async () => {
  const { url, stop } = await started();
  await fetch(`${url}/healthz`);
  await stop();
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});
