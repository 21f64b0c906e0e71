import { mkdir, rm } from "node:fs/promises";
import { sha256Hex } from "@meshwork/crypto";
import { type ContentId, limits, utf8 } from "@meshwork/foundation";
import { jobOf } from "@meshwork/ledger/testing";
import { contentNameOf, idOfJob, type Job } from "@meshwork/protocol";
import { contentIdOf } from "@meshwork/storage";
import { verifyJobReceipt } from "@meshwork/verify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { JobGateway, lastView, output } from "./testing/job-gateway.ts";

/** A busy machine takes its time. */
const patiently = { timeout: 60_000 };

let gateway: JobGateway;
beforeEach(async () => {
  gateway = await JobGateway.open();
});
afterEach(() => gateway.close());

const proofOf = async (jobs: Awaited<ReturnType<JobGateway["start"]>>["jobs"], job: Job) => {
  const receipt = await jobs.receipt(idOfJob(job));
  return receipt && verifyJobReceipt(receipt, { genesis: gateway.network.genesis, now: 0 });
};

describe("a job", () => {
  test("runs its parts, then its reduction on what they wrote, and its receipt verifies, after a restart too", async () => {
    const { jobs, kill } = await gateway.start();
    const job = jobOf(gateway.network);
    expect(await jobs.take(job, gateway.bring)).toEqual({ missing: [] });
    const view = await lastView(jobs, job);
    expect(view).toMatchObject({ kind: "done", failures: 0, stop: null });
    expect(view.parts.map(({ outcome }) => outcome)).toEqual(Array(3).fill("verified"));
    expect(gateway.placed).toHaveLength(4);
    const resultId = contentNameOf(sha256Hex(output));
    expect(gateway.placed[3]?.contract.inputs.map(({ contentId }) => contentId)).toEqual(
      Array(3).fill(resultId),
    );
    expect(gateway.placed[3]?.objects.slice(1)).toEqual(Array(3).fill(output));
    await kill();
    const { jobs: again } = await gateway.start();
    expect(again.view(idOfJob(job))?.kind).toBe("done");
    expect(await proofOf(again, job)).toMatchObject({ ok: true, jobId: idOfJob(job), failures: 0 });
  });

  test("says what of its data is missing, and begins when it has come", async () => {
    const { jobs } = await gateway.start();
    const job = jobOf(gateway.network);
    const [, , one = "" as ContentId] = gateway.data.keys();
    const { missing } = await jobs.take(job, (id) => (id === one ? null : gateway.bring(id)));
    expect(missing).toEqual([one]);
    expect(jobs.view(idOfJob(job))).toMatchObject({ kind: "collecting", missing: 1 });
    expect(await jobs.take(job, gateway.bring)).toEqual({ missing: [] });
    expect((await lastView(jobs, job)).kind).toBe("done");
  });

  test("handed in twice is one job, and places no order twice", async () => {
    const { jobs } = await gateway.start();
    const job = jobOf(gateway.network);
    await Promise.all([jobs.take(job, gateway.bring), jobs.take(job, gateway.bring)]);
    await jobs.take(job, gateway.bring);
    await lastView(jobs, job);
    await jobs.take(job, gateway.bring);
    expect(gateway.placed).toHaveLength(4);
  });

  test("goes on where it was after its gateway was killed in the middle", async () => {
    const first = await gateway.start();
    const job = jobOf(gateway.network);
    let finished = 0;
    const killed = Promise.withResolvers<void>();
    gateway.play = async (orderId) => {
      if (++finished > 2) return killed.promise;
      gateway.actors.finish(orderId);
    };
    await first.jobs.take(job, gateway.bring);
    await expect
      .poll(() => first.jobs.view(idOfJob(job))?.parts.filter(({ outcome }) => outcome), patiently)
      .toHaveLength(2);
    killed.resolve();
    await first.kill();
    // The third part stands on the ledger, and its worker finishes while the gateway is away.
    for (const { orderId, phase } of [...gateway.network.state.all("task")])
      if (phase !== "done") gateway.actors.finish(orderId);
    gateway.play = async (orderId) => void gateway.actors.finish(orderId);
    const second = await gateway.start();
    expect((await lastView(second.jobs, job)).kind).toBe("done");
    const nonces = new Set(gateway.placed.map(({ transaction }) => transaction.unsigned.nonce));
    expect(nonces.size).toBe(4);
    expect([...gateway.network.state.all("task")]).toHaveLength(4);
  });

  test("has no more orders open than a job may have", async () => {
    const inputs = Array.from({ length: 10 }, (_, i) => gateway.add(`text ${i}`));
    const { jobs } = await gateway.start();
    const job = jobOf(gateway.network, { inputs, reduce: null });
    await jobs.take(job, gateway.bring);
    expect(await lastView(jobs, job)).toMatchObject({ kind: "done", reduce: null });
    expect(gateway.placed).toHaveLength(10);
    expect(gateway.mostOpen).toBeLessThanOrEqual(limits.jobOrdersAtOnce);
    expect(gateway.mostOpen).toBeGreaterThan(1);
  });
});

describe("a job that was acknowledged", () => {
  const holds = (from: string) => (from === "taken" ? "job" : "stop");

  test.each(["taken", "taken back"])(
    "as %s is so after a restart: not what a disk refused",
    async (as) => {
      const job = jobOf(gateway.network);
      const path = gateway.pathOf(idOfJob(job), holds(as));
      const { jobs, kill } = await gateway.start();
      const acknowledged = async () => {
        await jobs.take(job, () => null);
        if (as === "taken back") await jobs.revoke(idOfJob(job));
      };
      // Where a file is to lie, a folder is in the way.
      await mkdir(`${path}.new/full`, { recursive: true });
      await expect(acknowledged()).rejects.toThrow();
      await expect(acknowledged()).rejects.toThrow();
      await rm(`${path}.new`, { recursive: true });
      await acknowledged();
      const kind = jobs.view(idOfJob(job))?.kind;
      await kill();
      const { jobs: again } = await gateway.start();
      expect(again.view(idOfJob(job))?.kind).toBe(kind);
    },
  );

  test("is forgotten before its day is over by one who takes back more than are kept", async () => {
    const { jobs } = await gateway.start();
    const many = Array.from({ length: limits.jobsKeptPerRequester + 2 }, (_, i) =>
      jobOf(gateway.network, { blind: sha256Hex(utf8(`blind ${i}`)) }),
    );
    for (const job of many) {
      await jobs.take(job, () => null);
      await jobs.revoke(idOfJob(job));
    }
    const kept = many.filter((job) => jobs.view(idOfJob(job)) !== null);
    expect(kept).toHaveLength(limits.jobsKeptPerRequester);
    expect(jobs.view(idOfJob(many.at(-1) as Job))?.kind).toBe("revoked");
  });
});

describe("a job whose parts fail", () => {
  test("stops at the first, if none may, and says which", async () => {
    gateway.actors.fault = "TRAP";
    const { jobs } = await gateway.start();
    const job = jobOf(gateway.network);
    await jobs.take(job, gateway.bring);
    const view = await lastView(jobs, job);
    expect(view).toMatchObject({ kind: "failed", stop: { code: "JOB_PARTS_FAILED" } });
    expect(await jobs.receipt(idOfJob(job))).toBeNull();
  });

  test("goes on without them, if so many may", async () => {
    let count = 0;
    gateway.play = async (orderId) => {
      gateway.actors.fault = count++ === 0 ? "TRAP" : null;
      gateway.actors.finish(orderId);
    };
    const { jobs } = await gateway.start();
    const job = jobOf(gateway.network, { maxFailures: 1 });
    await jobs.take(job, gateway.bring);
    expect(await lastView(jobs, job)).toMatchObject({ kind: "done", failures: 1 });
    expect(gateway.placed.at(-1)?.contract.inputs).toHaveLength(2);
    expect(await proofOf(jobs, job)).toMatchObject({ ok: true, failures: 1 });
  });

  test("orders a part anew that ended without a verdict, under its next number", async () => {
    let count = 0;
    gateway.play = async (orderId) => {
      const conduct = count++ === 0 ? "silent" : "honest";
      for (const { nodeId } of gateway.network.members) gateway.actors.conduct.set(nodeId, conduct);
      gateway.actors.finish(orderId);
    };
    const { jobs } = await gateway.start();
    const job = jobOf(gateway.network);
    await jobs.take(job, gateway.bring);
    const view = await lastView(jobs, job);
    expect(view).toMatchObject({ kind: "done", failures: 0 });
    expect(view.parts.map(({ attempt }) => attempt).sort()).toEqual([0, 0, 1]);
  });
});

describe("a job is", () => {
  test("taken back by its requester: nothing more is placed", async () => {
    const { jobs } = await gateway.start();
    const job = jobOf(gateway.network);
    const held = Promise.withResolvers<void>();
    gateway.play = () => held.promise;
    await jobs.take(job, gateway.bring);
    await expect.poll(() => gateway.placed.length, patiently).toBe(3);
    await jobs.revoke(idOfJob(job));
    held.resolve();
    expect((await lastView(jobs, job)).kind).toBe("revoked");
    expect(gateway.placed).toHaveLength(3);
  });

  test("refused if it is too large, cannot be paid, or is one too many", async () => {
    const { jobs } = await gateway.start();
    const refOf = (sizeBytes: number) => ({ contentId: contentIdOf(utf8("one")), sizeBytes });
    // Sixteen of the largest are as much as a job may read.
    const big = Array.from({ length: 17 }, (_, i) => ({
      ...refOf(limits.inputBytes),
      contentId: contentIdOf(utf8(`big ${i}`)),
    }));
    const code = async (job: Job) =>
      jobs
        .take(job, () => null)
        .then(
          () => "taken",
          (error) => error.code,
        );
    expect(await code(jobOf(gateway.network, { inputs: big }))).toBe("JOB_TOO_LARGE");
    const flawed = jobOf(gateway.network);
    expect(await code({ ...flawed, body: { ...flawed.body, attempts: 1 } })).toBe("JOB_INVALID");
    const many = Array.from({ length: limits.jobsPerRequester + 1 }, (_, i) =>
      jobOf(gateway.network, { blind: sha256Hex(utf8(`blind ${i}`)) }),
    );
    const codes: string[] = [];
    for (const job of many) codes.push(await code(job));
    expect(codes).toEqual([...Array(limits.jobsPerRequester).fill("taken"), "JOBS_FULL"]);
  });
});
