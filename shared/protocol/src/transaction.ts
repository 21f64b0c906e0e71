import { digestOf, type KeyPair, sign, verify } from "@meshwork/crypto";
import {
  blockHash,
  chainId,
  type Digest,
  digest,
  fromHex,
  key25519,
  limits,
  milliseconds,
  nodeId,
  orderId,
  type PublicKey,
  publicKey,
  signature,
  type TransactionId,
  uint64,
  utf8,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { voteSchema } from "./certificate.ts";
import { revealSchema } from "./commitment.ts";
import { runtimeId } from "./contract.ts";
import { mandateSchema } from "./mandate.ts";
import { signedNearness } from "./nearness.ts";
import { networkProposalSchema } from "./network-proposal.ts";
import { memoryMiB, regionName } from "./placement.ts";
import { attestation, proofOfTask } from "./proof-of-task.ts";
import { taskOrder } from "./task-order.ts";
import { verdictSchema } from "./verdict.ts";
import { voucher, unsignedVoucher as voucherSchema } from "./voucher.ts";
import { service } from "./work.ts";

/** Opens an account: for a requester the key alone, for a node its transport key too. */
const register = z.strictObject({
  kind: z.literal("register"),
  publicKey,
  /** `digestOf("meshwork/recovery/1", recoveryKey)`: the key that can later rotate or revoke this one. */
  recoveryHash: digest,
  node: z
    .strictObject({ transportKey: key25519, keyVersion: z.int().min(0).max(65_535) })
    .nullable(),
  /** How a `vouched` network lets the newcomer in. */
  admission: z.strictObject({ voucher, signature }).nullable(),
});

/** The lease that keeps a node eligible; a node that falls silent falls out by rule. */
const renew = z.strictObject({
  kind: z.literal("renew"),
  /** A header hash of the last hour: shows that the node follows this chain. */
  recentBlock: z.strictObject({ height: z.int().min(0), hash: blockHash }),
  runtimes: z.array(runtimeId).max(8),
  region: regionName,
  /** Tasks that the node will run at a time. */
  capacity: z.int().min(0).max(1_024),
  /** What programs may ask of the world through this node. */
  serves: z.array(service).max(service.options.length),
  /** Of each sandbox. */
  memoryMiB,
  /** Processors that it gives to tasks. */
  cpus: z.int().min(1).max(1_024),
  /** A relay's word on where it stands; null: it has none. */
  nearness: signedNearness.schema.nullable(),
  /** X25519: what is sent to the node in secret is sealed to this key. */
  sealKey: key25519,
  /** For a seat: the key that votes and the key that makes beacons. Null: does not stand for one. */
  vote: z.strictObject({ voteKey: publicKey, vrfKey: key25519 }).nullable(),
});

const submit = z.strictObject({ kind: z.literal("submit"), order: taskOrder });

const attempt = z.int().min(0).max(15);

/** Takes a drawn place; from now on a no-show is a fact that can be charged. */
const accept = z.strictObject({
  kind: z.literal("accept"),
  orderId,
  attempt,
  role: z.enum(["worker", "verifier", "panel"]),
  /** A verifier's `seedCommitmentOf`, made before anyone has committed; a panel's member makes one too. */
  seedCommitment: digest.nullable(),
});

/** A drawn node's signed refusal: its rank is skipped at once and nobody is charged. */
const decline = z.strictObject({ kind: z.literal("decline"), orderId, attempt });

/** A worker's result, hidden until the set has closed: see `commitment.ts`. */
const commit = z.strictObject({ kind: z.literal("commit"), orderId, attempt, commitment: digest });

/** Brings the verdict. Anyone may: the proof carries its own signatures. */
const prove = z.strictObject({ kind: z.literal("prove"), proof: proofOfTask });

const transport = z.strictObject({
  transportKey: key25519,
  keyVersion: z.int().min(0).max(65_535),
});

/** Replaces the identity's key: signed by the one in force, and by the recovery key, `rotationHash`. */
const rotate = z.strictObject({
  kind: z.literal("rotate"),
  newKey: publicKey,
  recoveryKey: publicKey,
  recoverySignature: signature,
  /** Of the recovery key that counts from now on. */
  nextRecoveryHash: digest,
  /** The next version of the node's transport key; null for an account that runs no node. */
  node: transport.nullable(),
});

/** Ends an identity for good. The transaction is signed by the recovery key, and by it alone. */
const revokeKey = z.strictObject({
  kind: z.literal("revoke-key"),
  recoveryKey: publicKey,
  /** The account that takes over the free points. Null: they stay where they are, for ever. */
  heir: nodeId.nullable(),
});

/** A node gives up its lease; `renew` brings it back. */
const leave = z.strictObject({ kind: z.literal("leave") });

/** A requester takes an order back: free before its draw, at a price after it, too late after the close. */
const cancel = z.strictObject({ kind: z.literal("cancel"), orderId });

/** Its issuer takes a voucher back: whoever has not used it yet cannot. */
const revokeVoucher = z.strictObject({ kind: z.literal("revoke-voucher"), voucher: voucherSchema });

/** No proof came in time: a worker shows on the ledger what he committed to, so that he is paid a part. */
const show = z.strictObject({ kind: z.literal("show"), orderId, attempt, reveal: revealSchema });

/** No proof came in time: a verifier lays his word on the ledger, so that he was not the silent one. */
const attest = z.strictObject({ kind: z.literal("attest"), verdict: verdictSchema, attestation });

/** Lends the weight of what this node has contributed to a candidate for a seat. Null: to itself again. */
const delegate = z.strictObject({ kind: z.literal("delegate"), candidate: nodeId.nullable() });

/** A seat says what the network shall run by from the next epoch on; more than two thirds must say the same. */
const govern = z.strictObject({ kind: z.literal("govern"), proposal: networkProposalSchema });

/** Two votes of one seat that exclude each other. Anyone may bring them: the signatures speak. */
const fault = z.strictObject({ kind: z.literal("fault"), first: voteSchema, second: voteSchema });

/** One order of many that its requester has signed at once: his gateway places it. See `mandate.ts`. */
const part = z.strictObject({
  kind: z.literal("part"),
  mandate: mandateSchema,
  /** The requester's, over the mandate. */
  signature,
  slot: z.int().min(0).max(limits.jobOrders),
  contractHash: digest,
});

/** The requester, or a convicted worker, doubts a verdict, once, for a bond: a larger panel decides. */
const appeal = z.strictObject({ kind: z.literal("appeal"), orderId, attempt });

/**
 * A verifier's own word against him: he attests a trace, and shows a sample that is not of its leaf. Anyone
 * may bring it who knows the trace.
 */
const recheck = z.strictObject({
  kind: z.literal("recheck"),
  verdict: verdictSchema,
  attestation,
  /** A step that his seed has picked, with its path to the trace root of the verdict. */
  leaf: z.string().regex(/^[0-9a-f]{240}$/),
  path: z.array(digest.nullable()).max(20),
});

export const transactionBody = z.discriminatedUnion("kind", [
  register,
  renew,
  submit,
  accept,
  decline,
  commit,
  prove,
  rotate,
  revokeKey,
  leave,
  cancel,
  revokeVoucher,
  show,
  attest,
  delegate,
  govern,
  fault,
  part,
  recheck,
  appeal,
]);
export type TransactionBody = z.infer<typeof transactionBody>;
export type BodyOf<K extends TransactionBody["kind"]> = Extract<TransactionBody, { kind: K }>;

const unsigned = z.strictObject({
  chainId,
  sender: nodeId,
  /** Chosen freely; never twice by one sender before `notAfter`. Order does not matter. */
  nonce: z
    .bigint()
    .min(0n)
    .max(2n ** 64n - 1n),
  /** Wall time, against the time of the block: later, the transaction is void. */
  notAfter: milliseconds,
  body: transactionBody,
});
export const unsignedTransaction = wire(unsigned, {
  name: "transaction body",
  maxBytes: limits.transactionBytes,
  keepsBytes: true,
});
export type UnsignedTransaction = z.infer<typeof unsigned>;

/** `signature` is by the sender's current key over the transaction's id. */
export const transactionSchema = z.strictObject({ unsigned, signature });
export const transaction = wire(transactionSchema, {
  name: "transaction",
  maxBytes: limits.transactionBytes,
  keepsBytes: true,
  // It comes from its sender, from whoever passes it on, and in a block: once for each who sends it again.
  remembers: true,
});
export type Transaction = z.infer<typeof transactionSchema>;

/** Values never change once made, and the mempool, the rules and the votes all ask for the same id. */
const ids = new WeakMap<UnsignedTransaction, TransactionId>();

/** Over the *unsigned* body: SM2 signatures are randomised, and the same order twice is one task. */
export function transactionIdOf(value: UnsignedTransaction): TransactionId {
  const known = ids.get(value);
  if (known !== undefined) return known;
  const bytes = unsignedTransaction.bytesOf(value);
  const id = digestOf("meshwork/transaction/1", bytes) as string as TransactionId;
  ids.set(value, id);
  return id;
}

/** Its canonical bytes: a block's root is asked for by all who look at it. */
export const transactionBytes = (value: Transaction): Uint8Array => transaction.bytesOf(value);

export const signTransaction = (keyPair: KeyPair, value: UnsignedTransaction): Transaction => ({
  unsigned: value,
  signature: sign(keyPair, fromHex(transactionIdOf(value))),
});

/** What the recovery key signs to let a new key in: for this identity, this key and this transaction only. */
export const rotationHash = (
  { chainId, sender, nonce }: Pick<UnsignedTransaction, "chainId" | "sender" | "nonce">,
  { newKey, nextRecoveryHash }: Pick<BodyOf<"rotate">, "newKey" | "nextRecoveryHash">,
): Digest =>
  digestOf(
    "meshwork/rotation/1",
    fromHex(chainId),
    utf8(sender),
    uint64(nonce),
    fromHex(newKey),
    fromHex(nextRecoveryHash),
  );

/** Whether the recovery key lets this new key in. */
export const verifyConsent = (
  about: Parameters<typeof rotationHash>[0],
  body: BodyOf<"rotate">,
): boolean => verify(body.recoveryKey, fromHex(rotationHash(about, body)), body.recoverySignature);

/** What an identity commits to, and later shows: `rotate` and `revoke-key` open it. */
export const recoveryHashOf = (recoveryKey: PublicKey): Digest =>
  digestOf("meshwork/recovery/1", fromHex(recoveryKey));

export const verifyTransaction = (senderKey: PublicKey, value: Transaction): boolean =>
  verify(senderKey, fromHex(transactionIdOf(value.unsigned)), value.signature);
