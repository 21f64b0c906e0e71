import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fromHex, limits, toHex } from "@meshwork/foundation";
import { decode as decodeCbor, encode as encodeCbor } from "cborg";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { block } from "./block.ts";
import { type Wire, WireError, wire } from "./canonical.ts";
import { certificate } from "./certificate.ts";
import { reveal } from "./commitment.ts";
import { consensusMessageWire } from "./consensus-message.ts";
import { contract } from "./contract.ts";
import { genesis } from "./genesis.ts";
import { handOverChain } from "./hand-over.ts";
import { job } from "./job.ts";
import { jobReceipt } from "./job-receipt.ts";
import { nodeRecord } from "./node-record.ts";
import { proofOfTaskWire } from "./proof-of-task.ts";
import { receipt } from "./receipt.ts";
import { snapshotChunk, snapshotManifest } from "./snapshot-manifest.ts";
import { stateClaim } from "./state-claim.ts";
import { successorGenesis } from "./successor-genesis.ts";
import { taskMessage } from "./task-message.ts";
import { taskRecord } from "./task-record.ts";
import * as network from "./testing/network-samples.ts";
import { sampleDigest } from "./testing/sample-ids.ts";
import { sampleJob, sampleJobReceipt } from "./testing/sample-job.ts";
import { sampleTask } from "./testing/sample-task.ts";
import * as sample from "./testing/samples.ts";
import { type Transaction, transaction, unsignedTransaction } from "./transaction.ts";
import { transcript } from "./transcript.ts";
import { verdict } from "./verdict.ts";
import { invite } from "./voucher.ts";

// biome-ignore format: one noun a line
const nouns: { name: string; noun: Wire<z.ZodType>; values: unknown[] }[] = [
  { name: "transaction", noun: transaction, values: sample.sampleTransactions },
  { name: "contract", noun: contract, values: sample.sampleContracts },
  { name: "transcript", noun: transcript, values: [sample.sampleTranscript] },
  { name: "reveal", noun: reveal, values: [sample.sampleReveal] },
  { name: "verdict", noun: verdict, values: [sample.sampleVerdict] },
  { name: "proof-of-task", noun: proofOfTaskWire, values: [sample.sampleProof] },
  { name: "certificate", noun: certificate, values: [network.sampleCertificate] },
  { name: "block", noun: block, values: [network.sampleBlock] },
  { name: "task-record", noun: taskRecord, values: [sampleTask] },
  { name: "genesis", noun: genesis, values: [network.sampleGenesis] },
  { name: "invite", noun: invite, values: [network.sampleInvite] },
  { name: "node-record", noun: nodeRecord, values: [network.sampleNodeRecord] },
  { name: "consensus-message", noun: consensusMessageWire, values: network.sampleConsensusMessages },
  { name: "task-message", noun: taskMessage, values: sample.sampleTaskMessages },
  { name: "receipt", noun: receipt, values: [sampleReceipt()] },
  { name: "job", noun: job, values: [sampleJob] },
  { name: "job-receipt", noun: jobReceipt, values: [sampleJobReceipt] },
  { name: "state-claim", noun: stateClaim, values: network.sampleClaims },
  { name: "successor-genesis", noun: successorGenesis, values: [network.sampleSuccessor] },
  { name: "hand-over-chain", noun: handOverChain, values: [{ handOvers: [network.sampleHandOver] }] },
  { name: "snapshot-manifest", noun: snapshotManifest, values: [network.sampleManifest] },
  { name: "snapshot-chunk", noun: snapshotChunk, values: [network.sampleChunk] },
];

function sampleReceipt() {
  return {
    version: 1,
    order: sample.sampleTransactions[2],
    task: sampleTask,
    proof: sample.sampleProof,
    path: { siblings: [sampleDigest(70)], other: null },
    header: network.sampleHeader,
    certificate: network.sampleCertificate,
    handOver: [network.sampleHandOver],
  };
}

/** For each noun, half of them of each kind of damage; `FUZZ_CASES=100000` for a long night. */
const CASES = Number(process.env.FUZZ_CASES ?? 2_000) / 2;
const timeout = 10_000 + CASES * 20;

describe.each(nouns)("$name", ({ name, noun, values }) => {
  test("comes back from its bytes, and from its JSON, as it was", () => {
    for (const value of values) {
      expect(noun.decode(noun.encode(value))).toEqual(value);
      expect(noun.encode(noun.decode(noun.encode(value)))).toEqual(noun.encode(value));
      expect(noun.fromJson(noun.toJson(value))).toEqual(value);
    }
  });

  test("keeps its golden bytes: to change them is a protocol decision", () => {
    const file = new URL(`../../../test/vectors/${name}.hex`, import.meta.url);
    const bytes = values.map((value) => toHex(noun.encode(value))).join("\n");
    if (!existsSync(file) && process.env.WRITE_GOLDEN === "1") writeFileSync(file, `${bytes}\n`);
    expect(`${bytes}\n`).toBe(readFileSync(file, "utf8"));
  });

  test(`refuses or re-encodes all damaged bytes: ${CASES} cases`, { timeout }, () => {
    const originals = values.map((value) => noun.encode(value));
    fc.assert(
      fc.property(
        fc.nat(originals.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        fc.option(fc.nat(), { nil: null }),
        (which, edits, cut) => {
          const bytes = originals[which]?.slice(0) ?? new Uint8Array();
          for (const [at, value] of edits) bytes[at % bytes.length] = value;
          acceptsOnlyCanonical(noun, cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
        },
      ),
      { numRuns: CASES },
    );
  });

  // Bytes that are damaged at random are seldom CBOR; these always are, and almost the noun.
  test(`refuses or re-encodes whatever has nearly its form: ${CASES} cases`, { timeout }, () => {
    const originals = values.map((value) => decodeCbor(noun.encode(value)));
    fc.assert(
      fc.property(
        fc.nat(originals.length - 1),
        fc.array(fc.nat(40), { maxLength: 12 }),
        fc.oneof(...strangers),
        fc.nat(3),
        (which, path, stranger, way) => {
          const changed = damaged(originals[which], { path, stranger, way });
          acceptsOnlyCanonical(noun, encodeCbor(changed));
        },
      ),
      { numRuns: CASES },
    );
  });
});

/** What may stand where something else should. */
const strangers = [
  fc.integer(),
  fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
  fc.string({ maxLength: 70 }),
  fc.uint8Array({ maxLength: 90 }),
  fc.constantFrom(null, true, false, [], [null], -0, 0.5, 2 ** 53, 2n ** 64n - 1n),
];

interface Damage {
  /** Where: an index at each depth. */
  path: readonly number[];
  stranger: unknown;
  /** The element there is replaced, doubled, taken out, or put in the place of the one before it. */
  way: number;
}

function damaged(value: unknown, { path, stranger, way }: Damage): unknown {
  const [step, ...deeper] = path;
  if (!Array.isArray(value) || value.length === 0 || step === undefined) return stranger;
  const at = step % value.length;
  const inner = value[at];
  if (Array.isArray(inner) && deeper.length > 0)
    return value.with(at, damaged(inner, { path: deeper, stranger, way }));
  if (way === 0) return value.with(at, stranger);
  if (way === 1) return value.toSpliced(at, 0, inner);
  if (way === 2) return value.toSpliced(at, 1);
  return value.with(Math.max(0, at - 1), inner);
}

function acceptsOnlyCanonical(noun: Wire<z.ZodType>, bytes: Uint8Array): void {
  try {
    const value = noun.decode(bytes);
    // Of a copy, which is written anew: a value that was read may have kept its bytes.
    expect(toHex(noun.encode(structuredClone(value)))).toBe(toHex(bytes));
    // What was checked piece by piece is as if it had been checked whole.
    expect(noun.schema.safeParse(value).error).toBeUndefined();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}

describe("the canonical form", () => {
  const pair = wire(z.strictObject({ n: z.int(), flag: z.boolean() }), {
    name: "pair",
    maxBytes: 16,
  });

  test("refuses a longer encoding of the same value", () => {
    expect(pair.decode(fromHex("8205f5"))).toEqual({ n: 5, flag: true });
    // 5 as a two-byte integer; an array of indefinite length; a trailing byte.
    for (const other of ["821805f5", "9f05f5ff", "8205f500"]) {
      expect(() => pair.decode(fromHex(other))).toThrow(
        expect.objectContaining({ code: "WIRE_NOT_CANONICAL" }),
      );
    }
  });

  test("has one form of each head, and refuses the next longer one", () => {
    const one = wire(z.strictObject({ n: z.bigint() }), { name: "one", maxBytes: 16 });
    // A value with the largest head of one size, and with the smallest of the next.
    for (const [value, bytes, longer] of [
      [23n, "8117", "811817"],
      [24n, "811818", "81190018"],
      [255n, "8118ff", "811900ff"],
      [256n, "81190100", "811a00000100"],
      [65_535n, "8119ffff", "811a0000ffff"],
      [65_536n, "811a00010000", "811b0000000000010000"],
      [2n ** 32n - 1n, "811affffffff", "811b00000000ffffffff"],
      [-24n, "8137", "813817"],
      [-25n, "813818", "81390018"],
    ] as const) {
      expect(one.decode(fromHex(bytes))).toEqual({ n: value });
      expect(() => one.decode(fromHex(longer))).toThrow(/has a shorter form/);
    }
  });

  test("keeps whole numbers exact up to the last of eight bytes", () => {
    const one = wire(z.strictObject({ n: z.bigint() }), { name: "one", maxBytes: 16 });
    for (const edge of [2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n])
      for (const n of [edge - 2n, edge - 1n, edge, -edge, 1n - edge])
        if (n < 2n ** 64n) expect(one.decode(one.encode({ n }))).toEqual({ n });
  });

  test("refuses text that is not UTF-8, and keeps a mark at its beginning", () => {
    const name = wire(z.strictObject({ text: z.string() }), { name: "name", maxBytes: 64 });
    for (const text of ["\ufeffa", "é€😀", ""])
      expect(name.decode(name.encode({ text }))).toEqual({ text });
    // A stray continuation, an overlong slash, half of a pair.
    for (const other of ["816180", "8162c0af", "8163eda080"])
      expect(() => name.decode(fromHex(other))).toThrow(WireError);
    expect(name.decode(fromHex("816161"))).toEqual({ text: "a" });
  });

  test("names the place of what is wrong", () => {
    const good = sample.sampleTransactions[0] as Transaction;
    const inner = decodeCbor(transaction.encode(good)) as unknown[][];
    const expired = inner.with(0, (inner[0] as unknown[]).with(3, -1));
    expect(() => transaction.decode(encodeCbor(expired))).toThrow(/unsigned\.notAfter/);
  });

  test("refuses a schema whose rules it would not ask", () => {
    const ordered = z.strictObject({ a: z.int(), b: z.int() }).refine(({ a, b }) => a < b);
    const late = z.discriminatedUnion("kind", [
      z.strictObject({ n: z.int(), kind: z.literal("late") }),
    ]);
    for (const schema of [ordered, late, z.record(z.string(), z.int())])
      expect(() => wire(schema, { name: "odd", maxBytes: 16 })).toThrow(TypeError);
  });

  test("has a transaction's bytes from where it was read, whatever it came in", () => {
    const frame = block.encode(network.sampleBlock);
    const { transactions } = block.decode(frame);
    frame.fill(0);
    for (const [i, read] of transactions.entries()) {
      const sent = network.sampleBlock.transactions[i] as Transaction;
      expect(toHex(transaction.bytesOf(read))).toBe(toHex(transaction.encode(sent)));
      expect(toHex(unsignedTransaction.bytesOf(read.unsigned))).toBe(
        toHex(unsignedTransaction.encode(sent.unsigned)),
      );
      expect(transaction.bytesOf(read)).toBe(transaction.bytesOf(read));
    }
    expect(transactions.length).toBeGreaterThan(0);
  });

  test("refuses floats, though they be whole", () => {
    expect(() => pair.decode(fromHex("82f94500f5"))).toThrow(WireError);
    expect(() => pair.encode({ n: 1.5, flag: true })).toThrow();
  });

  test("refuses missing, additional and misplaced values", () => {
    for (const value of [[5], [5, true, 1], [true, 5], { n: 5, flag: true }, null, 5]) {
      expect(() => pair.decode(encodeCbor(value))).toThrow(WireError);
    }
  });

  test("refuses more bytes than the noun may have before it reads them", () => {
    expect(() => pair.decode(new Uint8Array(17))).toThrow(
      expect.objectContaining({ code: "WIRE_TOO_LARGE" }),
    );
    expect(() => transaction.decode(new Uint8Array(limits.transactionBytes + 1))).toThrow(
      expect.objectContaining({ code: "WIRE_TOO_LARGE" }),
    );
  });

  test("names the noun and what is wrong with it", () => {
    expect(() => pair.fromJson('{"n":5,"flag":true,"more":1}')).toThrow(
      /not a valid pair: unknown key more/,
    );
  });
});
