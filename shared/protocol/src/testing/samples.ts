import type { BlockHash } from "@meshwork/foundation";
import type { Ballot } from "../certificate.ts";
import type { Reveal } from "../commitment.ts";
import type { Contract } from "../contract.ts";
import type { ProofOfTask } from "../proof-of-task.ts";
import type { TaskMessage } from "../task-message.ts";
import type { TaskOrder } from "../task-order.ts";
import type { Transaction, TransactionBody } from "../transaction.ts";
import type { Transcript } from "../transcript.ts";
import type { Verdict } from "../verdict.ts";
import type { Voucher } from "../voucher.ts";

import {
  content,
  fuel,
  hex,
  key,
  key25519,
  node,
  order,
  points,
  sampleChain,
  sampleDigest,
  signature,
} from "./sample-ids.ts";
import { samplePart } from "./sample-mandate.ts";
import { sampleNearness, samplePlacement } from "./sample-placement.ts";
import { samplePolicy } from "./sample-policy.ts";

/** One value of each noun, fixed for ever: golden bytes are made of them. None is signed truly. */

export const sampleOrder: TaskOrder = {
  contractHash: sampleDigest(3),
  gateway: node,
  policy: { replicas: 2, verifiers: 4, segmentsPerVerifier: 2, auditRate: 65_536 },
  priority: 1,
  deadlines: { matchMs: 2_000, runMs: 10_000, deliverMs: 10_000 },
  priceCeiling: points(1_000n),
  maxFuel: fuel(10_000_000_000n),
  work: { nature: "record-replay", comparison: "tolerant", needs: ["fetch"] },
  placement: samplePlacement,
};

export const sampleVoucher: Voucher = {
  body: {
    chainId: sampleChain,
    issuer: node,
    voucherKey: key(4),
    grant: points(500n),
    uses: 10,
    notAfter: 1_800_000_000_000,
  },
  signature: signature(5),
};

export const sampleContract: Contract = {
  runtime: "js-qjs-v1",
  program: { contentId: content, sizeBytes: 120 },
  inputs: [{ contentId: content, sizeBytes: 7 }],
  limits: {
    fuel: fuel(10_000_000_000n),
    memoryPages: 256,
    stackDepth: 8_192,
    steps: 100,
    stateBytes: 65_536,
    outputBytes: 1_048_576,
  },
  comparator: { kind: "numeric", encoding: "json", absolute: "0.5", relative: "1e-9" },
  outside: { origins: ["https://api.example.org"], model: true },
  rubric: { contentId: content, sizeBytes: 9 },
};

/** One for each comparator. */
export const sampleContracts: Contract[] = [
  sampleContract,
  ...(
    [
      { kind: "exact" },
      { kind: "canonical-json" },
      { kind: "set", of: "lines" },
      { kind: "token-set", leastPermille: 600 },
      { kind: "wasm", module: { contentId: content, sizeBytes: 9 } },
    ] as const
  ).map((comparator) => ({ ...sampleContract, comparator, outside: null, rubric: null })),
];

export const sampleTranscript: Transcript = {
  exchanges: [
    { request: '{"kind":"fetch","url":"https://api.example.org/"}', answer: '{"value":1}' },
    { request: "", answer: "grüezi" },
  ],
};

export const sampleReveal: Reveal = {
  worker: node,
  resultHash: sampleDigest(6),
  traceRoot: sampleDigest(7),
  steps: 3,
  fuel: fuel(123_456n),
  fault: null,
  sealedOutput: content,
  transcript: sampleDigest(78),
  salt: sampleDigest(8),
};

const evidence = {
  index: 1,
  claimedLeaf: hex(120, 9),
  path: [sampleDigest(10), null],
  actualLeaf: hex(120, 11),
};

export const sampleVerdict: Verdict = {
  chainId: sampleChain,
  orderId: order,
  attempt: 0,
  outcome: "verified",
  findings: [
    { worker: node, verdict: "honest", reveal: sampleReveal, evidence: null },
    { worker: node, verdict: "guilty", reveal: sampleReveal, evidence },
    { worker: node, verdict: "unrevealed", reveal: null, evidence: null },
  ],
  result: {
    resultHash: sampleDigest(6),
    traceRoot: sampleDigest(7),
    steps: 3,
    fuel: fuel(123_456n),
    fault: null,
  },
};

export const sampleProof: ProofOfTask = {
  verdict: sampleVerdict,
  attestations: [
    {
      verifier: node,
      seed: sampleDigest(12),
      samples: [sampleDigest(13)],
      signature: signature(14),
    },
  ],
};

const sampleBallot: Ballot = {
  kind: "F",
  epoch: 0,
  height: 7,
  view: 1,
  blockHash: hex(32, 26) as BlockHash,
};

const bodies: TransactionBody[] = [
  {
    kind: "register",
    publicKey: key(15),
    recoveryHash: sampleDigest(16),
    node: { transportKey: key25519(17), keyVersion: 0 },
    admission: { voucher: sampleVoucher, signature: signature(18) },
  },
  {
    kind: "renew",
    recentBlock: { height: 9, hash: hex(32, 19) as BlockHash },
    runtimes: ["js-qjs-v1", "wasm-step-v1"],
    region: "local",
    capacity: 2,
    serves: ["fetch"],
    ...{ memoryMiB: 1_024, cpus: 2, nearness: sampleNearness },
    sealKey: key25519(20),
    vote: { voteKey: key(21), vrfKey: key25519(22) },
  },
  { kind: "submit", order: sampleOrder },
  {
    kind: "accept",
    orderId: order,
    attempt: 0,
    role: "verifier",
    seedCommitment: sampleDigest(23),
  },
  { kind: "decline", orderId: order, attempt: 0 },
  { kind: "commit", orderId: order, attempt: 0, commitment: sampleDigest(24) },
  { kind: "prove", proof: sampleProof },
  {
    kind: "rotate",
    newKey: key(71),
    recoveryKey: key(72),
    recoverySignature: signature(73),
    nextRecoveryHash: sampleDigest(74),
    node: { transportKey: key25519(17), keyVersion: 1 },
  },
  { kind: "revoke-key", recoveryKey: key(72), heir: node },
  { kind: "leave" },
  { kind: "cancel", orderId: order },
  { kind: "revoke-voucher", voucher: sampleVoucher.body },
  { kind: "show", orderId: order, attempt: 0, reveal: sampleReveal },
  { kind: "attest", verdict: sampleVerdict, attestation: sampleProof.attestations[0] as never },
  { kind: "delegate", candidate: node },
  { kind: "govern", proposal: { policy: samplePolicy, protocolVersion: 2 } },
  {
    kind: "fault",
    first: { ballot: sampleBallot, seat: 1, signature: signature(76) },
    second: {
      ballot: { ...sampleBallot, kind: "X", blockHash: null },
      seat: 1,
      signature: signature(77),
    },
  },
  samplePart,
  {
    kind: "recheck",
    verdict: sampleVerdict,
    attestation: sampleProof.attestations[0] as never,
    leaf: "ab".repeat(120),
    path: [sampleReveal.salt, null],
  },
  { kind: "appeal", orderId: order, attempt: 0 },
];

export const sampleTransactions: Transaction[] = bodies.map((body, i) => ({
  unsigned: {
    chainId: sampleChain,
    sender: node,
    nonce: BigInt(i) + 2n ** 60n,
    notAfter: 1_790_000_000_000,
    body,
  },
  signature: signature(25),
}));

export const sampleTaskMessages: TaskMessage[] = [
  {
    kind: "dispatch",
    orderId: order,
    contract: sampleContract,
    blind: sampleDigest(65),
    dataKey: sampleDigest(66),
    sealed: [{ plain: content, sealed: content }],
  },
  { kind: "progress", orderId: order, attempt: 0, stepsDone: 1, steps: 3 },
  {
    kind: "reveal",
    orderId: order,
    attempt: 0,
    reveal: sampleReveal,
    outputKey: sampleDigest(67),
    trace: content,
    transcript: content,
  },
  { kind: "ask", orderId: order, attempt: 0, missing: [node] },
  {
    kind: "report",
    orderId: order,
    attempt: 0,
    evidence: [{ worker: node, segment: evidence }],
  },
  { kind: "attest", verdict: sampleVerdict, attestation: sampleProof.attestations[0] as never },
  {
    kind: "result",
    orderId: order,
    attempt: 0,
    sealedOutput: content,
    outputKey: sampleDigest(68),
  },
];
