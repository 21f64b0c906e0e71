import { type Digest, systemRandom, utf8 } from "@meshwork/foundation";
import { type Job, job as jobWire } from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { toBase64 } from "../base64.ts";
import { buildJob } from "../client/build-job.ts";
import type { JobState } from "../client/index.ts";
import { FAKE_CHAIN, FAKE_NODE } from "../testing/fake-gateway.ts";
import { doubling, startWorld, type World } from "../testing/world.ts";

let world: World;
beforeEach(async () => {
  world = await startWorld();
});
afterEach(() => world.stop());

const plan = { map: doubling, reduce: doubling, inputs: [1, 2, 3] };

/** A job as the client builds it. */
const built = (inputs = ["1", "2"]) =>
  buildJob(
    {
      chainId: FAKE_CHAIN,
      gateway: FAKE_NODE,
      keyPair: world.requester.keyPair,
      clock: world.clock,
      random: systemRandom,
    },
    { map: doubling, reduce: null, inputs: inputs.map(utf8), attempts: 2, maxFailures: 0 },
  );

const hand = (job: Job) => world.post("tasks.map", { job: toBase64(jobWire.encode(job)) });

describe("a job that is handed in", () => {
  test("is told what of its data is missing, until it is there", async () => {
    const { job, objects } = built();
    const ids = [...objects.keys()];
    expect((await hand(job)).data).toMatchObject({ missing: ids });
    const [first = "" as never] = ids;
    await world.requester.put(first, objects.get(first) ?? new Uint8Array());
    expect((await hand(job)).data).toMatchObject({ missing: ids.slice(1) });
    for (const id of ids.slice(1))
      await world.requester.put(id, objects.get(id) ?? new Uint8Array());
    expect((await hand(job)).data).toMatchObject({ missing: [] });
    expect(world.gateway.jobs.taken.size).toBe(1);
  });

  test("needs its requester's signature, this network and this gateway, and a lifetime that is not over", async () => {
    const { job } = built();
    const { mandate } = job;
    const forged = { ...job, mandate: { ...mandate, notAfter: mandate.notAfter + 1 } };
    expect((await hand(forged)).code).toBe("BAD_SIGNATURE");
    const foreign = { ...job, mandate: { ...mandate, chainId: "d".repeat(64) as never } };
    expect((await hand(foreign)).code).toBe("ORDER_WRONG_NETWORK");
    const gateway = world.stranger.account;
    const elsewhere = { ...mandate, order: { ...mandate.order, gateway } };
    expect((await hand({ ...job, mandate: elsewhere })).code).toBe("ORDER_WRONG_GATEWAY");
    expect((await hand({ ...job, mandate: { ...mandate, notAfter: 1 } })).code).toBe(
      "ORDER_EXPIRED",
    );
    expect((await world.post("tasks.map", { job: toBase64(utf8("no job")) })).code).toBe(
      "JOB_MALFORMED",
    );
    expect(world.gateway.jobs.taken.size).toBe(0);
  });

  test("finds the uploads of its own requester only", async () => {
    const { job, objects } = built();
    for (const [id, bytes] of objects) await world.stranger.put(id, bytes);
    expect((await hand(job)).data).toMatchObject({ missing: [...objects.keys()] });
  });
});

describe("a job is shown", () => {
  test("to its requester alone", async () => {
    const jobId = await world.requester.mesh.map(plan);
    const input = encodeURIComponent(JSON.stringify({ jobId }));
    for (const path of [`/trpc/jobs.get?input=${input}`, `/trpc/jobs.receipt?input=${input}`]) {
      expect((await world.requester.get(path)).status).toBe(200);
      expect((await world.stranger.get(path)).code).toBe("JOB_FOREIGN");
      expect((await world.get(path)).code).toBe("CREDENTIAL_MISSING");
    }
    await expect(world.stranger.mesh.revokeJob(jobId)).rejects.toMatchObject({
      code: "JOB_FOREIGN",
    });
    const unknown = "0".repeat(64) as Digest;
    await expect(world.requester.mesh.jobReceipt(unknown)).rejects.toMatchObject({
      code: "JOB_UNKNOWN",
    });
  });

  test("as it goes on, until it is over", async () => {
    const { mesh } = world.requester;
    const jobId = await mesh.map(plan);
    const seen: string[] = [];
    for await (const { kind } of mesh.watchJob(jobId) as AsyncIterable<JobState>) {
      seen.push(kind);
      if (kind === "mapping") world.gateway.jobs.become(jobId, "reducing");
      if (kind === "reducing") world.gateway.jobs.become(jobId, "done");
    }
    expect(seen).toEqual(["mapping", "reducing", "done"]);
  });

  test("as revoked, when its requester has taken it back", async () => {
    const { mesh } = world.requester;
    const jobId = await mesh.map(plan);
    expect(await mesh.revokeJob(jobId)).toEqual({ revoked: [], tooLate: [] });
    await expect(mesh.followJob(jobId)).rejects.toMatchObject({ code: "TASK_REVOKED" });
  });
});

test("a client uploads what a job reads in pieces that the gateway can hold, and each once", async () => {
  const { mesh } = world.requester;
  const inputs = Array.from({ length: 40 }, (_, i) => i);
  const jobId = await mesh.map({ map: doubling, inputs });
  expect(world.gateway.jobs.taken.get(jobId)?.body.inputs).toHaveLength(40);
  expect(world.gateway.jobs.brought.size).toBe(41);
  await expect(mesh.map({ map: doubling, inputs: [] })).rejects.toMatchObject({
    code: "TASK_INPUT_INVALID",
  });
});
