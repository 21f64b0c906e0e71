import { generateKeyPair, nodeIdOf } from "@meshwork/crypto";
import type {
  BlockHash,
  ChainId,
  ContentId,
  Digest,
  Fuel,
  Key25519,
  NodeId,
  OrderId,
  PeerId,
  Points,
  PublicKey,
  Signature,
  TransportSignature,
  VrfProof,
} from "@meshwork/foundation";
import type { Block, Header } from "../block.ts";
import type { Certificate } from "../certificate.ts";
import type { Reveal } from "../commitment.ts";
import type { ConsensusMessage } from "../consensus-message.ts";
import type { Contract } from "../contract.ts";
import type { Genesis } from "../genesis.ts";
import type { NetworkPolicy } from "../network-policy.ts";
import type { NodeRecord } from "../node-record.ts";
import type { ProofOfTask } from "../proof-of-task.ts";
import type { TaskMessage } from "../task-message.ts";
import type { TaskOrder } from "../task-order.ts";
import type { TaskRecord } from "../task-record.ts";
import type { Transaction, TransactionBody } from "../transaction.ts";
import type { Verdict } from "../verdict.ts";
import type { Invite, Voucher } from "../voucher.ts";

/** One value of each noun, fixed for ever: golden bytes are made of them. None is signed truly. */

const hex = (length: number, fill: number) => fill.toString(16).padStart(2, "0").repeat(length);
export const sampleDigest = (fill: number) => hex(32, fill) as Digest;
const key = (fill: number) => `02${hex(32, fill)}` as PublicKey;
const signature = (fill: number) => hex(64, fill) as Signature;
const key25519 = (fill: number) => hex(32, fill) as Key25519;

export const sampleChain = hex(32, 1) as ChainId;
const order = hex(32, 2) as OrderId;
const node = "2EgYp5vRTcPPtzQd6o9NVHw4ZHqeWtz5DwDpgZq9Vn4N3t" as NodeId;
const content = `bafkrei${"a".repeat(52)}` as ContentId;
const points = (value: bigint) => value as Points;
const fuel = (value: bigint) => value as Fuel;

export const samplePolicy: NetworkPolicy = {
  admission: "vouched",
  registerPrice: points(10n),
  leaseMs: 86_400_000,
  heartbeatMs: 30_000,
  drawFactor: 3,
  operatorCap: 0,
  probationShare: 65_536,
  probationVerdicts: 20,
  reputationFloor: 0,
  bond: points(50n),
  submitPrice: points(1n),
  pricePerGigafuel: points(100n),
  burnShare: 6_553,
  verifierShare: 19_660,
  auditFloor: 3_277,
  vestingVerdicts: 20,
  suspensionMs: 3_600_000,
};

const sampleOrder: TaskOrder = {
  contractHash: sampleDigest(3),
  gateway: node,
  policy: { replicas: 2, verifiers: 4, segmentsPerVerifier: 2, auditRate: 65_536 },
  priority: 1,
  deadlines: { matchMs: 2_000, runMs: 10_000, deliverMs: 10_000 },
  priceCeiling: points(1_000n),
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
  comparator: "exact",
};

export const sampleReveal: Reveal = {
  worker: node,
  resultHash: sampleDigest(6),
  traceRoot: sampleDigest(7),
  steps: 3,
  fuel: fuel(123_456n),
  fault: null,
  sealedOutput: content,
  salt: sampleDigest(8),
};

const evidence = {
  index: 1,
  claimedLeaf: hex(112, 9),
  path: [sampleDigest(10), null],
  actualLeaf: hex(112, 11),
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

export const sampleCertificate: Certificate = {
  ballot: { kind: "F", epoch: 0, height: 7, view: 1, blockHash: hex(32, 26) as BlockHash },
  seats: [0, 1, 3],
  signatures: [signature(27), signature(28), signature(29)],
};

export const sampleHeader: Header = {
  version: 1,
  chainId: sampleChain,
  epoch: 0,
  height: 8,
  view: 0,
  parent: hex(32, 26) as BlockHash,
  time: 1_790_000_000_000,
  activeTime: 60_000,
  proposer: node,
  beaconProof: hex(80, 30) as VrfProof,
  transactionRoot: sampleDigest(31),
  stateRoot: sampleDigest(32),
  committeeHash: sampleDigest(33),
  nextCommitteeHash: null,
  lastCommitHash: sampleDigest(34),
};

export const sampleBlock: Block = {
  header: sampleHeader,
  transactions: sampleTransactions,
  lastCommit: sampleCertificate,
};

export const sampleTask: TaskRecord = {
  orderId: order,
  requester: node,
  requesterKey: key(35),
  order: sampleOrder,
  submitted: { height: 3, time: 1_790_000_000_000 },
  escrow: points(1_000n),
  phase: "done",
  attempt: 0,
  ranks: [node, node],
  relaxed: ["operator"],
  drawHeight: 5,
  nextRank: 2,
  workers: [
    {
      node,
      key: key(36),
      rank: 0,
      state: "committed",
      deadline: null,
      commitment: sampleDigest(37),
    },
  ],
  verifiers: [
    { node, key: key(38), rank: 1, state: "accepted", deadline: 5, commitment: sampleDigest(39) },
  ],
  closeHeight: 7,
  audit: { height: 9, mode: "segments", rate: 65_536 },
  verdictDeadline: 90_000,
  conclusion: {
    outcome: "verified",
    height: 10,
    proofHash: sampleDigest(40),
    result: {
      resultHash: sampleDigest(6),
      traceRoot: sampleDigest(7),
      steps: 3,
      fuel: fuel(5n),
      fault: "TRAP",
      sealedOutput: content,
    },
    segmentsSampled: 3,
    paid: points(30n),
    burnt: points(3n),
    refunded: points(967n),
  },
};

export const sampleGenesis: Genesis = {
  version: 1,
  nonce: sampleDigest(41),
  name: "golden",
  time: 1_790_000_000_000,
  policy: samplePolicy,
  members: [0, 1, 2, 3].map((i) => ({
    publicKey: key(42 + i),
    recoveryHash: sampleDigest(46),
    transportKey: key25519(47),
    keyVersion: 0,
    sealKey: key25519(48),
    region: "local",
    runtimes: ["js-qjs-v1"],
    capacity: 2,
    points: points(1_000n),
    standing: 40,
    vote: { voteKey: key(49 + i), vrfKey: key25519(53) },
  })),
  accounts: [{ publicKey: key(54), points: points(1_000_000n) }],
  reputationTable: sampleDigest(55),
};

export const sampleInvite: Invite = {
  chainId: sampleChain,
  relays: ["/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWExample"],
  voucher: sampleVoucher,
  voucherSecret: hex(32, 56),
};

export const sampleNodeRecord: NodeRecord = {
  unsigned: {
    chainId: sampleChain,
    nodeId: node,
    publicKey: key(57),
    peerId: "12D3KooWGjMCwZqbCkmWrnEtGWGtZBzrxpWq1Fq9o4bYzYvS5Tq1" as PeerId,
    transportKey: key25519(58),
    keyVersion: 0,
    roles: ["worker"],
    region: "local",
    addresses: ["/ip4/127.0.0.1/tcp/4001"],
    sealKey: key25519(59),
    software: "meshwork/0.1.0",
    seq: 1_790_000_000_000,
    expiry: 1_790_000_086_400,
  },
  signature: signature(60),
  countersignature: hex(64, 61) as TransportSignature,
};

export const sampleConsensusMessages: ConsensusMessage[] = [
  {
    kind: "proposal",
    block: sampleBlock,
    justification: { notarized: sampleCertificate, nullified: [sampleCertificate] },
    vote: { ballot: sampleCertificate.ballot, seat: 0, signature: signature(62) },
  },
  { kind: "vote", vote: { ballot: sampleCertificate.ballot, seat: 2, signature: signature(63) } },
  { kind: "certificate", certificate: sampleCertificate },
  { kind: "status", height: 4, view: 1, certified: -1 },
  { kind: "block-request", height: 4, blockHash: hex(32, 64) as BlockHash },
  { kind: "block", block: sampleBlock },
  { kind: "finalized", block: sampleBlock, certificate: sampleCertificate },
  { kind: "transactions", transactions: sampleTransactions },
];

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
  },
  {
    kind: "report",
    orderId: order,
    attempt: 0,
    missing: [node],
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

/** A key pair with its NodeId, for tests that need true signatures. */
export const newIdentity = () => {
  const keyPair = generateKeyPair();
  return { keyPair, nodeId: nodeIdOf(keyPair.publicKey) };
};
