import type { ContentId, Fuel } from "@meshwork/foundation";
import { limits } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { contentNameOf } from "./content-name.ts";
import { contractHash } from "./contract.ts";
import {
  type Job,
  jobFlaw,
  jobHash,
  partContract,
  reduceContract,
  slotOrder,
  slotsOf,
} from "./job.ts";
import { jobIdOf, slotNonce } from "./mandate.ts";
import { content, sampleDigest } from "./testing/sample-ids.ts";
import { sampleJob } from "./testing/sample-job.ts";
import { NOTHING_HASH } from "./trace.ts";

const refOf = (letter: string) => ({
  contentId: `bafkrei${letter.repeat(52)}` as ContentId,
  sizeBytes: 5,
});

/** The same job, changed and mandated anew. */
function jobWith(change: Partial<Job["body"]>): Job {
  const body = { ...sampleJob.body, ...change };
  const mandate = { ...sampleJob.mandate, jobHash: jobHash(body), orders: slotsOf(body) };
  return { ...sampleJob, body, mandate };
}

describe("a job", () => {
  test("names every order that will be placed for it, each by another nonce", () => {
    const { body } = sampleJob;
    const ids = new Set<string>();
    const nonces = new Set<bigint>();
    for (const index of body.inputs.keys())
      for (let attempt = 0; attempt < body.attempts; attempt++) {
        const order = slotOrder(sampleJob, { index, attempt }, partContract(body, index));
        expect(order.unsigned.body).toMatchObject({
          contractHash: contractHash(order.contract, order.blind),
        });
        ids.add(order.orderId);
        nonces.add(order.unsigned.nonce);
      }
    expect(ids.size).toBe(body.inputs.length * body.attempts);
    expect(nonces.size).toBe(ids.size);
  });

  test("gives a part its own input and what all read, and the reduction what the parts wrote", () => {
    const common = refOf("b");
    const { body } = jobWith({ map: { ...sampleJob.body.map, inputs: [common] } });
    expect(partContract(body, 1).inputs).toEqual([body.inputs[1], common]);
    expect(reduceContract(body, [refOf("c"), refOf("d")]).inputs).toEqual([refOf("c"), refOf("d")]);
  });

  test("is another job when anything in it is another", () => {
    const { mandate } = sampleJob;
    for (const other of [
      jobWith({ blind: sampleDigest(1) }),
      jobWith({ attempts: 1 }),
      jobWith({ inputs: sampleJob.body.inputs.toReversed() }),
      { ...sampleJob, mandate: { ...mandate, notAfter: mandate.notAfter + 1 } },
    ]) {
      expect(jobIdOf(other.mandate)).not.toBe(jobIdOf(mandate));
      expect(slotNonce(other.mandate, 0)).not.toBe(slotNonce(mandate, 0));
    }
  });

  test("is nothing under a mandate for another one, or for less than it needs", () => {
    const { body, mandate } = sampleJob;
    expect(jobFlaw(sampleJob)).toBeNull();
    expect(jobFlaw({ body: { ...body, attempts: 1 }, mandate })).toBe("WRONG_JOB");
    const orders = mandate.orders - 1;
    expect(jobFlaw({ body, mandate: { ...mandate, orders } })).toBe("TOO_FEW_ORDERS");
    const order = { ...mandate.order, maxFuel: 1n as Fuel };
    expect(jobFlaw({ body, mandate: { ...mandate, order } })).toBe("TOO_MUCH_FUEL");
    const inputs = Array.from({ length: limits.inputsPerTask }, () => ({
      contentId: content,
      sizeBytes: 1,
    }));
    expect(jobFlaw(jobWith({ map: { ...body.map, inputs } }))).toBe("TOO_MANY_INPUTS");
  });
});

test("content has the name that IPFS gives it", () => {
  expect(contentNameOf(NOTHING_HASH)).toBe(
    "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
  );
});
