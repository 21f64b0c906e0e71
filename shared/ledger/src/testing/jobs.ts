import { sha256Hex } from "@meshwork/crypto";
import { type OrderId, utf8 } from "@meshwork/foundation";
import {
  type ContentRef,
  type Contract,
  contentNameOf,
  type Job,
  type JobBody,
  type JobEnd,
  type JobReceipt,
  jobHash,
  jobReceiptRoot,
  outputOf,
  partContract,
  reduceContract,
  signMandate,
  signTransaction,
  slotOrder,
  slotsOf,
} from "@meshwork/protocol";
import { Actors } from "./actors.ts";
import { seededDigest, type TestMember } from "./members.ts";
import type { TestNetwork } from "./network.ts";
import { mandateOf } from "./parts.ts";

const refTo = (text: string): ContentRef => ({
  contentId: contentNameOf(sha256Hex(utf8(text))),
  sizeBytes: text.length,
});

/** Of the test's only program; see `testRun`. */
const OUTPUT_BYTES = 6;

const testContract = (program: string): Contract => ({
  runtime: "wasm-step-v1",
  program: refTo(program),
  inputs: [],
  limits: {
    fuel: 10_000_000n as Contract["limits"]["fuel"],
    memoryPages: 16,
    stackDepth: 1_024,
    steps: 8,
    stateBytes: 1_024,
    outputBytes: 1_024,
  },
  comparator: { kind: "exact" },
  outside: null,
  rubric: null,
});

/** A job of the network's requester, signed. */
export function jobOf(network: TestNetwork, change: Partial<JobBody> = {}): Job {
  const body: JobBody = {
    map: testContract("map"),
    inputs: ["one", "two", "three"].map(refTo),
    reduce: testContract("reduce"),
    attempts: 2,
    maxFailures: 0,
    blind: seededDigest("blind"),
    ...change,
  };
  const mandate = mandateOf(network, { jobHash: jobHash(body), orders: slotsOf(body) });
  const signature = signMandate(network.keyPairOf(network.requester), mandate);
  return { mandate, signature, body };
}

/** Runs a job on the ledger as an honest gateway does, and gives its receipt. */
export class JobPlay {
  readonly #network: TestNetwork;
  readonly actors: Actors;

  constructor(network: TestNetwork) {
    this.#network = network;
    this.actors = new Actors(network);
  }

  end(
    job: Job,
    index: number,
    { attempt, contract }: { attempt: number; contract: Contract },
  ): JobEnd {
    const network = this.#network;
    const { orderId, unsigned } = slotOrder(job, { index, attempt }, contract);
    const gateway: TestMember = network.memberOf(job.mandate.order.gateway);
    network.put(signTransaction(network.keyPairOf(gateway), unsigned));
    network.step();
    this.actors.finish(orderId as OrderId);
    const end = {
      attempt,
      outputBytes: null,
      receipt: { ...network.receiptOf(orderId), handOver: [] },
    };
    const isRead =
      job.body.reduce !== null && index < job.body.inputs.length && outputOf(end) !== null;
    return { ...end, outputBytes: isRead ? OUTPUT_BYTES : null };
  }

  receipt(job: Job, { attempt = 0 } = {}): JobReceipt {
    const parts = job.body.inputs.map((_, index) =>
      this.end(job, index, { attempt, contract: partContract(job.body, index) }),
    );
    const outputs = parts.flatMap((end) => {
      const hash = outputOf(end);
      return hash === null ? [] : [{ contentId: contentNameOf(hash), sizeBytes: OUTPUT_BYTES }];
    });
    const reduce =
      job.body.reduce === null
        ? null
        : this.end(job, parts.length, { attempt, contract: reduceContract(job.body, outputs) });
    const root = jobReceiptRoot({ parts, reduce });
    return { version: 1, job, parts, reduce, root, handOver: [...this.#network.handOvers] };
  }
}
