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
  networkPolicy,
  q16,
  runtimeId,
  type StateKind,
  stateKey,
  type TaskRecord,
  taskRecord,
  type Wire,
  wire,
} from "@meshwork/protocol";
import { z } from "zod";

/** Everything that the ledger remembers, one schema a kind. Tasks are in `protocol`: receipts show them. */

const height = z
  .int()
  .min(0)
  .max(2 ** 48);
const vote = z.strictObject({ voteKey: publicKey, vrfKey: key25519 });

/** Whoever holds points. The same name as its node, if it runs one. */
const account = z.strictObject({
  nodeId,
  /** The current key; the name is that of the first. */
  publicKey,
  /** Null for an account that genesis funded: it cannot be recovered. */
  recoveryHash: digest.nullable(),
  points,
  /** Staked at accepted places. */
  bonded: points,
  /** Earned, and lost if the node is caught before enough clean verdicts follow. */
  vesting: points,
});
export type Account = z.infer<typeof account>;

/** Low enough that a count times 65,536 is still a whole number. */
export const MAX_COUNT = 2 ** 36;
const counter = z.int().min(0).max(MAX_COUNT);

/** A node: whether it may be drawn, and what it is worth. */
const node = z.strictObject({
  nodeId,
  /** Who vouched for it; a member of genesis answers for itself. Null: nobody did. */
  operator: nodeId.nullable(),
  transportKey: key25519,
  keyVersion: z.int().min(0).max(65_535),
  /** Null until the first renewal. */
  lease: z
    .strictObject({
      sealKey: key25519,
      region: z.string().regex(/^[a-z0-9-]{1,32}$/),
      runtimes: z.array(runtimeId).max(8),
      capacity: z.int().min(0).max(1_024),
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

/** How often a voucher was used. */
const voucher = z.strictObject({
  voucher: digest,
  used: z.int().min(1).max(10_000),
  notAfter: milliseconds,
});
export type VoucherRecord = z.infer<typeof voucher>;

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

/** Who votes in this epoch. */
const committee = z.strictObject({
  epoch: z.int().min(0),
  seats: z
    .array(z.strictObject({ node: nodeId, voteKey: publicKey, vrfKey: key25519 }))
    .min(4)
    .max(limits.committeeSeats),
  /** Seats in the order in which they lead. */
  leaders: z
    .array(
      z
        .int()
        .min(0)
        .max(limits.committeeSeats - 1),
    )
    .max(limits.committeeSeats),
});
export type Committee = z.infer<typeof committee>;

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
    { tag: 8, stateKind: "chain", idOf: () => "committee" },
    record("committee", committee),
  ),
  recentBlock: define(
    { tag: 9, stateKind: "chain", idOf: (value) => recentBlockId(value.height) },
    record("recent block", recentBlock),
  ),
};

export function nonceId({ sender, nonce }: Pick<NonceRecord, "sender" | "nonce">): string {
  return `${sender}/${nonce}`;
}

export function recentBlockId(height: number): string {
  return `recent/${height % RECENT_BLOCKS}`;
}

export const kindOfTag = (tag: number | undefined): RecordKind | undefined =>
  (Object.keys(definitions) as RecordKind[]).find((kind) => definitions[kind].tag === tag);

/** The last keys that were asked for: a block asks for the same few again and again. */
const known = new Map<string, Digest>();
const MAX_KNOWN = 8_192;

export function keyOf(kind: RecordKind, id: string): Digest {
  const name = `${kind} ${id}`;
  const found = known.get(name);
  if (found !== undefined) return found;
  const key = stateKey(definitions[kind].stateKind, id);
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(name, key);
  return key;
}

export const keyOfRecord = <K extends RecordKind>(kind: K, record: Records[K]): Digest =>
  keyOf(kind, definitions[kind].idOf(record));
