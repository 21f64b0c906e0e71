import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BlockHash, Digest, OrderId } from "@meshwork/foundation";
import { Actors, TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import type { FinalizedBlock } from "@meshwork/protocol";
import { ClassicLevel } from "classic-level";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Chain, openChain } from "./chain.ts";

let folder: string;
let chain: Chain;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-chain-"));
});
afterEach(async () => {
  await chain?.close().catch(() => {});
  await rm(folder, { recursive: true, force: true });
});

/** A task from order to verdict: every kind of record and event. */
const network = new TestNetwork();
const actors = new Actors(network);
const orderId: OrderId = actors.order();
actors.finish(orderId);
const { genesis, blocks, requester } = network;

async function open(): Promise<Chain> {
  chain = await openChain({ folder, genesis, log: silentLog });
  return chain;
}

async function reopenAfter(
  change: (database: ClassicLevel<string, Uint8Array>) => Promise<void>,
): Promise<Chain> {
  await chain.close();
  const database = new ClassicLevel<string, Uint8Array>(folder, { valueEncoding: "view" });
  await change(database);
  await database.close();
  return open();
}

describe("the chain", () => {
  test("starts at the genesis, takes final blocks, and is the same after reopening", async () => {
    await open();
    expect(chain.head).toMatchObject({ height: 0, certificate: null });
    await chain.commitFinal(blocks.slice(0, 2));
    for (const block of blocks.slice(2)) await chain.commit(block);
    expect(chain.head.state.root()).toBe(network.state.root());
    await chain.close();
    await open();
    expect(chain.head.height).toBe(blocks.length);
    expect(chain.head.state.root()).toBe(network.state.root());
    expect(chain.head.state.task(orderId)?.phase).toBe("done");
    expect(chain.head.certificate).toEqual(blocks.at(-1)?.certificate);
  });

  test("takes each block once, however often and in whatever pieces it comes", async () => {
    await open();
    const heights: number[] = [];
    chain.onCommit(({ height }) => heights.push(height));
    await Promise.all([
      chain.commitFinal(blocks.slice(0, 3)),
      chain.commitFinal(blocks.slice(0, 5)),
      chain.commit(blocks[0] as FinalizedBlock),
      chain.commitFinal(blocks),
    ]);
    expect(heights).toEqual(blocks.map(({ block }) => block.header.height));
  });

  test("tells whoever follows from any height, at his own pace, and goes on", async () => {
    await open();
    await chain.commitFinal(blocks.slice(0, 4));
    const abort = new AbortController();
    const seen: number[] = [];
    const done = (async () => {
      for await (const { height, events } of chain.follow({ after: 1, signal: abort.signal })) {
        seen.push(height);
        if (events.some((event) => event.kind === "task" && event.change === "done")) return;
      }
    })();
    await chain.commitFinal(blocks);
    await done;
    expect(seen).toEqual(blocks.slice(1).map(({ block }) => block.header.height));
  });

  test("waiting ends with its signal", async () => {
    await open();
    const abort = new AbortController();
    const waiting = chain.waitFor(1, abort.signal);
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  test("knows at which heights an account or a task changed, and why", async () => {
    await open();
    await chain.commitFinal(blocks);
    const ofTask = await chain.history.heightsOfTask(orderId, { limit: 100 });
    expect(ofTask.at(-1)).toBe(1);
    expect(ofTask).toEqual(ofTask.toSorted((a, b) => b - a));
    const [newest] = await chain.history.heightsOfTask(orderId, { limit: 1 });
    expect(newest).toBe(ofTask[0]);
    expect(
      await chain.history.heightsOfTask(orderId, { limit: 100, below: ofTask[0] ?? 0 }),
    ).toEqual(ofTask.slice(1));
    const ofAccount = await chain.history.heightsOfAccount(requester.nodeId, { limit: 100 });
    const facts = await Promise.all(ofAccount.map((height) => chain.history.factsAt(height)));
    const whys = facts
      .flatMap((each) => each?.whys ?? [])
      .filter((why) => why.account === requester.nodeId);
    expect(whys.map((why) => why.delta).sort()).toEqual(
      network.whys
        .filter((why) => why.account === requester.nodeId)
        .map((why) => why.delta)
        .sort(),
    );
    expect(whys.every((why) => typeof why.delta === "bigint")).toBe(true);
  });
});

describe("a chain that is offered blocks by a stranger", () => {
  const change = (at: number, to: (final: FinalizedBlock) => FinalizedBlock) =>
    blocks.slice(0, 4).map((final, i) => (i === at ? to(final) : final));
  const forged: [string, string, readonly FinalizedBlock[]][] = [
    ["a gap", "BLOCK_INVALID", blocks.slice(1, 4)],
    ["a block left out", "BLOCK_INVALID", [...blocks.slice(0, 2), ...blocks.slice(3, 5)]],
    [
      "a body that its header does not name",
      "BLOCK_INVALID",
      change(0, ({ block, certificate }) => ({
        block: { ...block, transactions: [] },
        certificate,
      })),
    ],
    [
      "another header under a good certificate",
      "CERTIFICATE_INVALID",
      change(3, ({ block, certificate }) => ({
        block: { ...block, header: { ...block.header, stateRoot: "ab".repeat(32) as Digest } },
        certificate,
      })),
    ],
    [
      "the certificate of another block",
      "CERTIFICATE_INVALID",
      change(3, ({ block }) => ({ block, certificate: (blocks[2] as FinalizedBlock).certificate })),
    ],
    [
      "too few signatures",
      "CERTIFICATE_INVALID",
      change(3, ({ block, certificate: { ballot, seats, signatures } }) => ({
        block,
        certificate: { ballot, seats: seats.slice(1), signatures: signatures.slice(1) },
      })),
    ],
    [
      "one seat's signature twice",
      "CERTIFICATE_INVALID",
      change(3, ({ block, certificate: { ballot, seats, signatures } }) => ({
        block,
        certificate: {
          ballot,
          seats: [seats[0], ...seats.slice(0, -1)] as number[],
          signatures: [signatures[0], ...signatures.slice(0, -1)] as typeof signatures,
        },
      })),
    ],
    [
      "an N-certificate",
      "CERTIFICATE_INVALID",
      change(3, ({ block, certificate }) => ({
        block,
        certificate: { ...certificate, ballot: { ...certificate.ballot, kind: "N" as const } },
      })),
    ],
  ];
  test.each(forged)("refuses %s with %s, and keeps its head", async (_what, code, offered) => {
    await open();
    await expect(chain.commitFinal(offered)).rejects.toMatchObject({ code });
    expect(chain.head.height).toBe(0);
    await chain.commitFinal(blocks);
    expect(chain.head.height).toBe(blocks.length);
  });

  test("keeps each block under a certificate that was checked, not under the one that came along", async () => {
    await open();
    const poisoned = blocks.map((final, i) =>
      i < blocks.length - 1
        ? {
            block: final.block,
            certificate: {
              ...final.certificate,
              signatures: final.certificate.signatures.toReversed(),
            },
          }
        : final,
    );
    await chain.commitFinal(poisoned);
    for (const { block, certificate } of blocks)
      expect((await chain.blockAt(block.header.height))?.certificate).toEqual(certificate);
  });
});

describe("a chain against the impossible", () => {
  test("a final block that it computes otherwise stops it, and says so", async () => {
    await open();
    const [first] = blocks as [FinalizedBlock];
    const header = { ...first.block.header, stateRoot: "cd".repeat(32) as Digest };
    const diverging = { block: { ...first.block, header }, certificate: network.certify(header) };
    await expect(chain.commitFinal([diverging])).rejects.toMatchObject({ code: "BLOCK_DIVERGES" });
  });

  test("a second final block of one height is a fork", async () => {
    await open();
    await chain.commitFinal(blocks);
    const [first] = blocks as [FinalizedBlock];
    const header = { ...first.block.header, parent: "ef".repeat(32) as BlockHash };
    const fork = { block: { ...first.block, header }, certificate: first.certificate };
    await expect(chain.commit(fork)).rejects.toMatchObject({ code: "CHAIN_FORKED" });
  });

  test("nothing is taken after closing", async () => {
    await open();
    await chain.close();
    await expect(chain.commitFinal(blocks)).rejects.toMatchObject({ code: "CHAIN_CLOSED" });
  });
});

describe("a chain whose disk lies", () => {
  beforeEach(async () => {
    await open();
    await chain.commitFinal(blocks);
  });
  const firstKey = async (database: ClassicLevel<string, Uint8Array>, prefix: string) => {
    const [key] = await database.keys({ gt: prefix, limit: 1 }).all();
    return key as string;
  };
  const flip = async (database: ClassicLevel<string, Uint8Array>, key: string, at: number) => {
    const value = Uint8Array.from((await database.get(key)) as Uint8Array);
    const index = at < 0 ? value.length + at : at;
    value[index] = (value[index] ?? 0) ^ 1;
    await database.put(key, value);
  };

  const wounds: [string, (database: ClassicLevel<string, Uint8Array>) => Promise<void>][] = [
    ["a leaf is gone", async (db) => db.del(await firstKey(db, "state/"))],
    ["a leaf has changed in its kind", async (db) => flip(db, await firstKey(db, "state/"), 0)],
    ["a leaf has changed in its end", async (db) => flip(db, await firstKey(db, "state/"), -1)],
    [
      "a leaf lies under another key",
      async (db) => {
        const key = await firstKey(db, "state/");
        const value = (await db.get(key)) as Uint8Array;
        await db
          .batch()
          .del(key)
          .put(`state/${"0".repeat(64)}`, value)
          .write();
      },
    ],
    [
      "the head's block is gone",
      async (db) => db.del(`block/${String(blocks.length).padStart(15, "0")}`),
    ],
    [
      "the head's block has changed",
      async (db) => flip(db, `block/${String(blocks.length).padStart(15, "0")}`, 40),
    ],
    ["the head is another block's", async (db) => db.put("head", Buffer.from("2"))],
  ];
  test.each(wounds)("does not start when %s", async (_what, wound) => {
    await expect(reopenAfter(wound)).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  });

  test("does not start when the database itself is broken", async () => {
    await chain.close();
    const files = await readdir(folder);
    const manifest = files.find((name) => name.startsWith("MANIFEST")) as string;
    await writeFile(join(folder, manifest), "nonsense");
    await expect(open()).rejects.toMatchObject({ code: "STORE_CORRUPT" });
  });

  test("does not start twice on one folder", async () => {
    await expect(openChain({ folder, genesis, log: silentLog })).rejects.toMatchObject({
      code: "STORE_LOCKED",
    });
  });

  test("does not start on another network's folder", async () => {
    await chain.close();
    const other = new TestNetwork({ standing: 1 });
    await expect(
      openChain({ folder, genesis: other.genesis, log: silentLog }),
    ).rejects.toMatchObject({ code: "STORE_OTHER_CHAIN" });
  });
});
