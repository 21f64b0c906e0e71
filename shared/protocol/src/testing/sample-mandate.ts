import type { Mandate } from "../mandate.ts";
import { ANYWHERE } from "../placement.ts";
import type { TransactionBody } from "../transaction.ts";
import { plainWork } from "../work.ts";
import { fuel, node, points, sampleChain, sampleDigest, signature } from "./sample-ids.ts";

export const sampleMandate: Mandate = {
  chainId: sampleChain,
  requester: node,
  jobHash: sampleDigest(82),
  orders: 12,
  order: {
    gateway: node,
    policy: { replicas: 2, verifiers: 4, segmentsPerVerifier: 2, auditRate: 65_536 },
    priority: 1,
    deadlines: { matchMs: 2_000, runMs: 10_000, deliverMs: 10_000 },
    priceCeiling: points(1_000n),
    maxFuel: fuel(10_000_000_000n),
    work: plainWork,
    placement: ANYWHERE,
  },
  notAfter: 1_790_000_000_000,
};

export const samplePart: TransactionBody = {
  kind: "part",
  mandate: sampleMandate,
  signature: signature(80),
  slot: 5,
  contractHash: sampleDigest(81),
};
