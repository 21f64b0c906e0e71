import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BlockHash,
  limits,
  type NodeId,
  type Points,
  systemClock,
} from "@meshwork/foundation";
import { TestNetwork, testMember, testOrder } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  signBallot,
  signTransaction,
  type Transaction,
  type TransactionBody,
  transactionIdOf,
  type Vote,
} from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { handIn } from "../../hand-in.ts";
import { reportFaults } from "../../membership/report-faults.ts";
import type { TaskLedger } from "../../ports.ts";
import { ChainError } from "../chain-error.ts";
import { type Chain, openChain } from "../store/chain.ts";
import { failWhenFull } from "../store/disk-space.ts";
import { Mempool, type MempoolParts } from "./mempool.ts";
import { type MempoolJournal, openMempoolJournal } from "./mempool-journal.ts";

const peer = "P".repeat(44) as NodeId;
const quiet = { space: failWhenFull, log: silentLog };

let folder: string;
let chain: Chain;
let network: TestNetwork;
let pool: Mempool;
let own: Transaction[];
let now: number;
let nonce = 1_000n;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-journal-"));
  network = new TestNetwork({ policy: { admission: "open", registerPrice: 0n as Points } });
  chain = await openChain({ folder, genesis: network.genesis, log: silentLog });
  [own, now] = [[], network.header.time];
  pool = poolWith();
});
afterEach(async () => {
  pool.stop();
  await chain.close();
  await rm(folder, { recursive: true, force: true });
});

function poolWith(journal?: MempoolParts["journal"]): Mempool {
  return new Mempool({
    chain,
    clock: { now: () => now, monotonic: () => now, setTimer: () => () => {} },
    ...(journal && { journal }),
    onOwn: (transaction) => own.push(transaction),
    onExecutable: () => {},
  });
}

const orderBody: TransactionBody = {
  kind: "submit",
  order: testOrder(testMember("gateway").nodeId),
};
const order = (change: object = {}): Transaction =>
  signTransaction(network.requester.keyPair, {
    chainId: network.chainId,
    sender: network.requester.nodeId,
    nonce: nonce++,
    notAfter: now + 60_000,
    body: orderBody,
    ...change,
  });

async function commit(): Promise<void> {
  network.step();
  await chain.commitFinal(network.blocks);
}

describe("what was acknowledged", () => {
  const journalPath = () => join(folder, "mempool.log");
  /** As after a start: what the journal holds is handed in again. */
  async function restart(): Promise<{ journal: MempoolJournal; held: Transaction[] }> {
    pool.stop();
    const { journal, transactions } = await openMempoolJournal(journalPath(), quiet);
    pool = poolWith(journal);
    for (const transaction of transactions) void pool.submit(transaction);
    return { journal, held: transactions };
  }

  test("is handed in again after a restart, unless it has ended meanwhile", async () => {
    const { journal } = await restart();
    const first = network.send(network.requester, orderBody);
    const [second, brief] = [order(), order({ notAfter: now + 5 })];
    const acks = [first, second, brief].map((transaction) => pool.accept(transaction));
    expect(await Promise.all(acks)).toEqual([null, null, null]);
    pool.receive(peer, [order()]);
    await journal.close();
    // Its process was down when a block took the first and the time of the third passed.
    pool.stop();
    await commit();
    now = network.header.time + 10;
    own = [];
    const again = await restart();
    expect(again.held).toEqual([first, second, brief]);
    expect([own, [...pool.executable()]]).toEqual([[second], [second]]);
    await again.journal.close();
  });

  test("and ended while the process was down is out of the journal after the next start", async () => {
    const { journal } = await restart();
    const [first, brief] = [
      network.send(network.requester, orderBody),
      order({ notAfter: now + 5 }),
    ];
    const waiting = order();
    for (const transaction of [first, brief, waiting]) await pool.accept(transaction);
    await journal.close();
    pool.stop();
    await commit();
    now = network.header.time + 10;
    const again = await restart();
    expect(again.held).toHaveLength(3);
    await again.journal.close();
    const third = await restart();
    expect(third.held).toEqual([waiting]);
    await third.journal.close();
  });

  test("stays in the journal while the chain is fetched anew", async () => {
    const newcomer = testMember("newcomer");
    const { journal } = await restart();
    // On this chain the sender is still to come.
    const early = signTransaction(newcomer.keyPair, {
      ...{ ...order().unsigned, sender: newcomer.nodeId },
    });
    await journal.add(early);
    await journal.close();
    for (let start = 0; start < 2; start++) {
      const { held, journal: again } = await restart();
      expect(held).toEqual([early]);
      await again.close();
    }
  });

  test("of what convicts a seat is handed in again too, and the seat is convicted", async () => {
    const { journal } = await restart();
    const [seat] = network.state.committee.seats;
    const villain = network.memberOf(seat?.node as NodeId);
    const [first, second] = ["a", "b"].map((hash) =>
      signBallot(villain.voteKeyPair, network.chainId, 0, {
        ...{ kind: "N", epoch: 0, height: 1, view: 0, blockHash: hash.repeat(64) as BlockHash },
      }),
    ) as [Vote, Vote];
    const handedIn = Promise.withResolvers<void>();
    const ledger: Pick<TaskLedger, "transact"> = {
      async transact(body, signal) {
        const included = handIn(pool, order({ body }), signal);
        handedIn.resolve();
        await included;
      },
    };
    const stopping = new AbortController();
    const report = reportFaults(
      { chain, ledger, clock: systemClock, log: silentLog },
      stopping.signal,
    );
    report({ seat: 0, first, second });
    await handedIn.promise;
    // The process ends before any block is made.
    stopping.abort();
    await journal.close();
    const { held, journal: again } = await restart();
    expect(held).toMatchObject([{ unsigned: { body: { kind: "fault", first, second } } }]);
    expect([...pool.executable()]).toEqual(held);
    network.put(held[0] as Transaction);
    await commit();
    expect(chain.head.state.isBlacklisted(villain.nodeId)).toBe(true);
    await again.close();
    const third = await restart();
    expect(third.held).toEqual([]);
    await third.journal.close();
  });

  test("is acknowledged when it is on disk, and not before", async () => {
    const disk = Promise.withResolvers<void>();
    pool.stop();
    pool = new Mempool({
      chain,
      clock: { now: () => now, monotonic: () => now, setTimer: () => () => {} },
      journal: { add: () => disk.promise, remove: () => {}, trouble: null },
      onOwn: () => {},
      onExecutable: () => {},
    });
    let acknowledged = false;
    const ack = pool.accept(order()).then(() => {
      acknowledged = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(acknowledged).toBe(false);
    disk.resolve();
    await ack;
  });

  test("is what is refused neither, and says why", async () => {
    const { journal } = await restart();
    expect(await pool.accept(order({ notAfter: now - 1 }))).toMatchObject({ code: "EXPIRED" });
    const full = new ChainError("DISK_FULL", "no room");
    pool.stop();
    pool = new Mempool({
      chain,
      clock: { now: () => now, monotonic: () => now, setTimer: () => () => {} },
      journal: { add: async () => {}, remove: () => {}, trouble: full },
      onOwn: () => {},
      onExecutable: () => {},
    });
    expect(await pool.accept(order())).toEqual({ code: "DISK_FULL", reason: "no room" });
    await journal.close();
    expect((await restart()).held).toEqual([]);
  });

  test("survives a torn tail; a journal that is damaged is put aside, and the node starts", async () => {
    const { journal } = await restart();
    const kept = order();
    await pool.accept(kept);
    await journal.close();
    const bytes = await readFile(journalPath());
    await writeFile(journalPath(), Buffer.concat([bytes, bytes.subarray(8, 40)]));
    const torn = await restart();
    expect(torn.held).toEqual([kept]);
    await torn.journal.close();
    bytes[40] = (bytes[40] ?? 0) ^ 1;
    await writeFile(journalPath(), Buffer.concat([bytes, bytes.subarray(8)]));
    const damaged = await restart();
    expect(damaged.held).toEqual([]);
    await pool.accept(kept);
    await damaged.journal.close();
    expect((await readdir(folder)).sort()).toContain("mempool.log.damaged");
    const mended = await restart();
    expect(mended.held).toEqual([kept]);
    await mended.journal.close();
  });

  test("leaves a journal that does not grow with what has ended", async () => {
    const { journal } = await restart();
    const big = Array.from({ length: 40 }, () => order());
    const { sizeBytes } = await (async () => {
      for (let round = 0; round * 40 * 400 < 2 * limits.mempoolJournalBytes; round++) {
        await Promise.all(big.map((transaction) => journal.add(transaction)));
        for (const { unsigned } of big.slice(1)) journal.remove(transactionIdOf(unsigned));
      }
      await journal.close();
      return { sizeBytes: (await stat(journalPath())).size };
    })();
    expect(sizeBytes).toBeLessThan(1.5 * limits.mempoolJournalBytes);
    const { held, journal: again } = await restart();
    expect(held.map(({ unsigned }) => transactionIdOf(unsigned))).toContain(
      transactionIdOf((big[0] as Transaction).unsigned),
    );
    await again.close();
  });
});
