import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JobPart, JobState } from "@meshwork/api/client";
import { expect, test } from "vitest";
import { inputFiles } from "./input-files.ts";
import { jobTeller } from "./show-job.ts";

const part = (change: Partial<JobPart>): JobPart => ({
  ...{ index: 0, attempt: 0, orderId: null, stage: "waiting", stepsDone: 0, steps: 0 },
  ...{ outcome: null, resultHash: null },
  ...change,
});

const job = (change: Partial<JobState>): JobState => ({
  ...{ jobId: "ab".repeat(32) as never, kind: "mapping", missing: 0, failures: 0, maxFailures: 0 },
  ...{ parts: [], reduce: null, stop: null },
  ...change,
});

test("a job shows all its parts in one line, and a line that reads the same only once", () => {
  const lines: string[] = [];
  const tell = jobTeller((stage, what) => lines.push(`${stage} ${what}`));
  const parts = [
    part({ stage: "done", outcome: "verified", resultHash: "00".repeat(32) as never }),
    part({ stage: "done", outcome: "failed" }),
    part({ stage: "running", stepsDone: 5, steps: 10 }),
    part({ stage: "audit" }),
    part({}),
  ];
  tell(job({ parts, failures: 1, maxFailures: 1 }));
  tell(job({ parts, failures: 1, maxFailures: 1 }));
  const stop = { code: "JOB_PARTS_FAILED", reason: "2 parts came to nothing" };
  tell(job({ kind: "failed", parts: [part({})], stop }));
  expect(lines).toEqual([
    "mapping #!5?. 1 of 5, 1 failed",
    "failed . 0 of 1: 2 parts came to nothing",
  ]);
});

test("the inputs of a job are files that are named, listed, or fit a pattern, in order", async () => {
  const folder = await mkdtemp(join(tmpdir(), "meshwork-inputs-"));
  const at = (name: string) => join(folder, name);
  try {
    for (const name of ["b.log", "a.log", "c.txt"]) await writeFile(at(name), name);
    await writeFile(at("list"), "# first the second\nb.log\n\na.log\n");
    expect(await inputFiles(["x"], [at("list")])).toEqual(["x", at("b.log"), at("a.log")]);
    expect(await inputFiles([], [at("*.log")])).toEqual([at("a.log"), at("b.log")]);
    await expect(inputFiles([], [at("*.none")])).rejects.toMatchObject({ code: "USAGE" });
  } finally {
    await rm(folder, { recursive: true });
  }
});
