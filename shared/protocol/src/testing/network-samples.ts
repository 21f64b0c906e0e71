import type { BlockHash, PeerId, TransportSignature, VrfProof } from "@meshwork/foundation";
import type { Block, Header } from "../block.ts";
import type { Certificate } from "../certificate.ts";
import type { ConsensusMessage } from "../consensus-message.ts";
import type { Genesis } from "../genesis.ts";
import type { HandOver } from "../hand-over.ts";
import type { NodeRecord } from "../node-record.ts";
import type { SnapshotManifest } from "../snapshot-manifest.ts";
import type { StateClaim } from "../state-claim.ts";
import type { SuccessorGenesis } from "../successor-genesis.ts";
import type { Invite } from "../voucher.ts";

import {
  content,
  hex,
  key,
  key25519,
  node,
  points,
  sampleChain,
  sampleDigest,
  signature,
} from "./sample-ids.ts";
import { samplePolicy } from "./sample-policy.ts";
import { sampleTransactions, sampleVoucher } from "./samples.ts";

/** Samples of what the network and its committee say; see `samples.ts`. */

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
  accounts: [{ publicKey: key(54), points: points(1_000_000n), recoveryHash: sampleDigest(84) }],
  reputationTable: sampleDigest(55),
  successors: [],
};

export const sampleInvite: Invite = {
  chainId: sampleChain,
  relays: ["/ip4/127.0.0.1/tcp/4001/p2p/12D3KooWExample"],
  voucher: sampleVoucher,
  voucherSecret: hex(32, 56),
  checkpoint: { height: 3_600, hash: hex(32, 57) as BlockHash },
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

export const sampleHandOver: HandOver = {
  header: { ...sampleHeader, nextCommitteeHash: sampleDigest(78) },
  certificate: sampleCertificate,
  committee: {
    epoch: 1,
    seats: [0, 1, 2, 3].map((i) => ({ node, voteKey: key(79 + i), vrfKey: key25519(83) })),
    leaders: [2, 0, 1, 3],
  },
};

export const sampleSuccessor: SuccessorGenesis = {
  body: {
    version: 1,
    nonce: sampleDigest(84),
    parentChainId: sampleChain,
    height: 8,
    stateRoot: sampleDigest(32),
    time: 1_790_000_500_000,
    committee: sampleHandOver.committee,
  },
  signatures: [{ recoveryKey: key(85), signature: signature(86) }],
};

export const sampleClaims: StateClaim[] = [Uint8Array.of(1, 2), null].map((value) => ({
  version: 1,
  kind: "account",
  id: node,
  value,
  path: {
    siblings: [sampleDigest(70)],
    other: value && { key: sampleDigest(71), valueHash: sampleDigest(72) },
  },
  header: sampleHeader,
  certificate: sampleCertificate,
  handOver: [sampleHandOver],
}));

export const sampleManifest: SnapshotManifest = {
  format: 1,
  chainId: sampleChain,
  height: 8,
  header: sampleHeader,
  certificate: sampleCertificate,
  handOver: [sampleHandOver],
  chunks: [{ content, leaves: 17_000, sizeBytes: 4_194_400 }],
  totals: { leaves: 17_000, sizeBytes: 4_194_400 },
};

export const sampleChunk = {
  leaves: [{ key: sampleDigest(71), value: Uint8Array.of(1, 2, 3) }],
};
