import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogRecord } from "@meshwork/consensus";
import { type BlockHash, limits, utf8 } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { signBallot } from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openRecordLog } from "./record-log.ts";
import { WriteAheadLog } from "./write-ahead-log.ts";

let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), "meshwork-wal-")), "log");
});
afterEach(() => rm(join(path, ".."), { recursive: true, force: true }));

async function reopen() {
  const { log, records } = await openRecordLog(path);
  return { log, wal: new WriteAheadLog(log, records) };
}

const network = new TestNetwork();
network.step({ view: 1 });
const [decided] = network.blocks;
if (!decided) throw new Error("no block was made");
const { block, certificate } = decided;
const voter = network.members[0];
if (!voter) throw new Error("no member");

function vote(height: number, kind: "N" | "X" | "F" = "N"): LogRecord {
  const blockHash = kind === "X" ? null : ("ab".repeat(32) as BlockHash);
  const ballot = { kind, epoch: 0, height, view: 0, blockHash };
  const signed = signBallot(voter?.voteKeyPair as never, network.chainId, 0, ballot);
  const withBlock = kind === "N" ? block : null;
  return { kind: "vote", vote: signed, block: withBlock, justification: null };
}

describe("the write-ahead log", () => {
  test("gives back votes with their blocks, and certificates, of one height and in order", async () => {
    const { wal } = await reopen();
    const records: LogRecord[] = [vote(1), { kind: "certificate", certificate }, vote(1, "F")];
    await Promise.all([...records, vote(2, "X")].map((record) => wal.append(record)));
    await wal.close();
    const again = (await reopen()).wal;
    expect(again.recordsOf(1)).toEqual(records);
    expect(again.recordsOf(2)).toHaveLength(1);
    expect(again.recordsOf(3)).toEqual([]);
    await again.close();
  });

  test("forgets what is final, and keeps what is not, when it is rewritten", async () => {
    const { wal, log } = await reopen();
    const kept = vote(9, "F");
    await wal.append(kept);
    const bulk = { ...vote(8), block: { ...block, transactions: block.transactions } };
    while (log.sizeBytes <= limits.voteLogBytes)
      await Promise.all(Array.from({ length: 2_000 }, () => wal.append(bulk)));
    await wal.prune(8);
    expect(log.sizeBytes).toBeLessThan(10_000);
    expect(wal.recordsOf(8)).toEqual([]);
    await wal.close();
    const again = (await reopen()).wal;
    expect(again.recordsOf(9)).toEqual([kept]);
    expect(again.completeFrom).toBe(9);
    await again.close();
  });

  test("always tells how far back it remembers, also when all of it is final", async () => {
    const { wal } = await reopen();
    expect(wal.completeFrom).toBe(0);
    for (const height of [1, 2]) {
      await wal.append(vote(height));
      await wal.prune(height);
      expect(wal.completeFrom).toBe(height);
    }
    expect(wal.recordsOf(1)).toEqual([]);
    expect(wal.recordsOf(2)).toHaveLength(1);
    await wal.close();
    // The file still has what was not worth a rewrite.
    const again = (await reopen()).wal;
    expect(again.completeFrom).toBe(1);
    expect(again.recordsOf(1)).toHaveLength(1);
    await again.close();
  });

  test("a whole record that cannot be read is damage", async () => {
    const { log } = await openRecordLog(path);
    await log.append(utf8("no record"));
    await log.close();
    await expect(reopen()).rejects.toMatchObject({ code: "LOG_DAMAGED" });
  });
});
