import {
  blockHash,
  chainId,
  type Digest,
  digest,
  key25519,
  limits,
  milliseconds,
  nodeId,
  points,
  publicKey,
  transactionId,
} from "@meshwork/foundation";
import {
  type Committee,
  committee as committeeWire,
  latencyClass,
  memoryMiB,
  networkPolicy,
  q16,
  regionName,
  runtimeId,
  type StateKind,
  service,
  stateKey,
  type TaskRecord,
  taskRecord,
  type Wire,
  wire,
} from "@meshwork/protocol";
import { z } from "zod";
import {
  type Contribution,
  committeeId,
  contribution,
  type Epoch,
  epoch,
  type Stance,
  stance,
} from "./epoch-records.ts";

/** Everything that the ledger remembers, one schema a kind. Tasks are in `protocol`: receipts show them. */

const height = z
  .int()
  .min(0)
  .max(2 ** 48);
/** The keys of a seat to come. */
const vote = z.strictObject({
  voteKey: publicKey,
  vrfKey: key25519,
  /** The first epoch in which the beacon key counts: whoever chose it could not know the beacon then. */
  from: z.int().min(0),
});

/** Whoever holds points. The same name as its node, if it runs one. */
const account = z.strictObject({
  nodeId,
  /** The current key; the name is that of the first. */
  publicKey,
  /** Null for an account that the genesis funded without one: it cannot be recovered. */
  recoveryHash: digest.nullable(),
  points,
  /** Staked at accepted places. */
  bonded: points,
  /** Earned, and lost if the node is caught before enough clean verdicts follow. */
  vesting: points,
  /** Whose voucher let it in; null for who stands in the genesis, or joined an open network. */
  vouchedBy: nodeId.nullable(),
  /** Who answers for it: `operatorUnder` says who. In the genesis each for himself; null: nobody does. */
  operator: nodeId.nullable(),
  /** Its orders that are not done, and its appeals: what is left of their escrow comes back to it. */
  openOrders: z
    .int()
    .min(0)
    .max(2 ** 48),
  /** Why it is dead for good: nothing that it signs is taken, and nobody whom it vouches for gets in. */
  barred: z.enum(["revoked", "equivocated"]).nullable(),
});
export type Account = z.infer<typeof account>;

/** Low enough that a count times 65,536 is still a whole number. */
export const MAX_COUNT = 2 ** 36;
const counter = z.int().min(0).max(MAX_COUNT);

/** A node: whether it may be drawn, and what it is worth. */
const node = z.strictObject({
  nodeId,
  /** As its account's: who answers for it. Caps count by him. */
  operator: nodeId.nullable(),
  transportKey: key25519,
  keyVersion: z.int().min(0).max(65_535),
  /** Null until the first renewal. */
  lease: z
    .strictObject({
      sealKey: key25519,
      region: regionName,
      runtimes: z.array(runtimeId).max(8),
      capacity: z.int().min(0).max(1_024),
      serves: z.array(service).max(service.options.length),
      memoryMiB,
      cpus: z.int().min(1).max(1_024),
      /** Where a relay has found it; null: nobody has measured. */
      nearness: z.strictObject({ region: regionName, latencyClass }).nullable(),
      /** Active time. */
      /** Null: genesis gave this lease. */
      renewedAt: milliseconds.nullable(),
      until: milliseconds,
      /** For the next election. */
      vote: vote.nullable(),
    })
    .nullable(),
  /** Live places that it holds now. */
  assigned: z.int().min(0).max(4_096),
  /** Q16: whether it answers when it is called. Apart from reputation. */
  availability: q16,
  /** Q16 counts of verdicts, decayed up to `reputationEpoch`. */
  successes: counter,
  failures: counter,
  reputationEpoch: z.int().min(0),
  /** Clean verdicts since the last failure: ends probation and lowers the audit rate. */
  clean: counter,
  suspensions: counter,
  /** Active time. */
  suspendedUntil: milliseconds,
  /** Active time at which a node that never offered itself is forgotten; null once it has. */
  unusedUntil: milliseconds.nullable(),
  /** The height since which it has offered itself without a gap; null until it first does. */
  eligibleSince: height.nullable(),
});
export type NodeState = z.infer<typeof node>;
export type Lease = NonNullable<NodeState["lease"]>;

/** A transaction that was applied: refused again until it has expired. */
const nonce = z.strictObject({
  sender: nodeId,
  nonce: z
    .bigint()
    .min(0n)
    .max(2n ** 64n - 1n),
  transactionId,
  notAfter: milliseconds,
});
export type NonceRecord = z.infer<typeof nonce>;

/** How often a voucher was used, and whether it still may be. */
const voucher = z.strictObject({
  voucher: digest,
  used: z.int().min(0).max(10_000),
  notAfter: milliseconds,
  /** Taken back by its issuer. */
  revoked: z.boolean(),
});
export type VoucherRecord = z.infer<typeof voucher>;

/** What the orders of one operator have said for a node on one day of active time. */
const evidence = z.strictObject({
  node: nodeId,
  /** The requester's operator; null: all for whom nobody vouched are one. */
  operator: nodeId.nullable(),
  day: z.int().min(0),
  verdicts: counter,
});
export type EvidenceRecord = z.infer<typeof evidence>;

/** Where the chain stands, and the sums of its money. */
const head = z.strictObject({
  chainId,
  height,
  time: milliseconds,
  activeTime: milliseconds,
  beacon: digest,
  /** All points that genesis made; none are ever minted. */
  total: points,
  burnt: points,
  /** Held by tasks that are not done. */
  escrowed: points,
  /** By seat, the last height that it proposed: how many distinct proposers came after any block. */
  lastProposed: z.array(height).max(limits.committeeSeats),
});
export type Head = z.infer<typeof head>;

const policy = networkPolicy;

/** The last blocks, so that a renewal can show that it knows one. */
const recentBlock = z.strictObject({ height, hash: blockHash });
export type RecentBlock = z.infer<typeof recentBlock>;

/** Blocks that a renewal may name: a ring, one leaf each. */
export const RECENT_BLOCKS = 1_024;

export interface Records {
  account: Account;
  node: NodeState;
  task: TaskRecord;
  nonce: NonceRecord;
  voucher: VoucherRecord;
  head: Head;
  policy: z.infer<typeof policy>;
  committee: Committee;
  recentBlock: RecentBlock;
  evidence: EvidenceRecord;
  epoch: Epoch;
  contribution: Contribution;
  stance: Stance;
}
export type RecordKind = keyof Records;

interface Definition<T> {
  /** The first byte of a stored leaf. */
  tag: number;
  stateKind: StateKind;
  encode(record: T): Uint8Array;
  decode(bytes: Uint8Array): T;
  idOf(record: T): string;
}

function define<S extends z.ZodType>(
  place: { tag: number; stateKind: StateKind; idOf(record: z.infer<S>): string },
  { encode, decode }: Wire<S>,
): Definition<z.infer<S>> {
  return { ...place, encode, decode };
}

const record = <S extends z.ZodType>(name: string, schema: S) =>
  wire(schema, { name, maxBytes: 65_536 });

export const definitions: { [K in RecordKind]: Definition<Records[K]> } = {
  account: define(
    { tag: 1, stateKind: "account", idOf: (value) => value.nodeId },
    record("account", account),
  ),
  node: define({ tag: 2, stateKind: "node", idOf: (value) => value.nodeId }, record("node", node)),
  task: define({ tag: 3, stateKind: "task", idOf: (value) => value.orderId }, taskRecord),
  nonce: define({ tag: 4, stateKind: "nonce", idOf: nonceId }, record("nonce", nonce)),
  voucher: define(
    { tag: 5, stateKind: "voucher", idOf: (value) => value.voucher },
    record("voucher use", voucher),
  ),
  head: define({ tag: 6, stateKind: "chain", idOf: () => "head" }, record("chain head", head)),
  policy: define({ tag: 7, stateKind: "chain", idOf: () => "policy" }, record("policy", policy)),
  committee: define(
    { tag: 8, stateKind: "chain", idOf: (value) => committeeId(value.epoch) },
    committeeWire,
  ),
  recentBlock: define(
    { tag: 9, stateKind: "chain", idOf: (value) => recentBlockId(value.height) },
    record("recent block", recentBlock),
  ),
  evidence: define({ tag: 16, stateKind: "index", idOf: evidenceId }, record("evidence", evidence)),
  epoch: define({ tag: 10, stateKind: "chain", idOf: () => "epoch" }, record("epoch", epoch)),
  contribution: define(
    { tag: 11, stateKind: "contribution", idOf: (value) => value.nodeId },
    record("contribution", contribution),
  ),
  stance: define(
    { tag: 12, stateKind: "stance", idOf: (value) => value.nodeId },
    record("stance", stance),
  ),
};

/** For who is shown an account with its proof, and holds no state: a relay. */
export const readAccount = (bytes: Uint8Array): Account => definitions.account.decode(bytes);

export function nonceId({ sender, nonce }: Pick<NonceRecord, "sender" | "nonce">): string {
  return `${sender}/${nonce}`;
}

export function evidenceId({ node, operator }: Pick<EvidenceRecord, "node" | "operator">): string {
  return `evidence/${node}/${operator ?? "strangers"}`;
}

export function recentBlockId(height: number): string {
  return `recent/${height % RECENT_BLOCKS}`;
}

export const kindOfTag = (tag: number | undefined): RecordKind | undefined =>
  (Object.keys(definitions) as RecordKind[]).find((kind) => definitions[kind].tag === tag);

/** The last keys that were asked for, by kind: a block asks for the same few again and again. */
const known = new Map<RecordKind, Map<string, Digest>>();
const MAX_KNOWN = 8_192;

export function keyOf(kind: RecordKind, id: string): Digest {
  const keys = known.get(kind) ?? new Map<string, Digest>();
  const found = keys.get(id);
  if (found !== undefined) return found;
  const key = stateKey(definitions[kind].stateKind, id);
  if (keys.size >= MAX_KNOWN) keys.clear();
  known.set(kind, keys.set(id, key));
  return key;
}

export const keyOfRecord = <K extends RecordKind>(kind: K, record: Records[K]): Digest =>
  keyOf(kind, definitions[kind].idOf(record));
