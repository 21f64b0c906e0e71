import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { limits, type NodeId, systemClock } from "@meshwork/foundation";
import { standingNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { finalizedBlock, streamNames, syncReply, syncRequest } from "@meshwork/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Channel } from "../channel.ts";
import { type Chain, openChain } from "../store/chain.ts";
import { MemoryNetwork } from "../testing/memory-network.ts";
import { serveSync } from "./serve-sync.ts";
import { Sync } from "./sync.ts";

/** Some hundred blocks, in which the committee changes hands several times. */
const source = standingNetwork({
  policy: { epochMs: 20_000, handOverBlocks: 3, handOverMs: 30, committeeSeats: 4 },
});
while (source.blocks.length < 4 * limits.syncParallelBlocks)
  source.step({ view: 1, elapsedMs: 400 });
const { blocks, genesis } = source;
const last = blocks.length;

const [me, a, b, c] = ["me", "A", "B", "C"].map((name) => name.padEnd(44, "x") as NodeId) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];

let folder: string;
let net: MemoryNetwork;
let asked: Map<NodeId, number>;
const warnings: string[] = [];
const running: { stop(): Promise<void> }[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-parallel-"));
  net = new MemoryNetwork();
  asked = new Map();
  warnings.length = 0;
});
afterEach(async () => {
  for (const each of running.splice(0).reverse()) await each.stop();
  await rm(folder, { recursive: true, force: true });
});

async function openAt(name: string, height: number): Promise<Chain> {
  const chain = await openChain({ folder: join(folder, name), genesis, log: silentLog });
  running.push({ stop: () => chain.close() });
  await chain.commitFinal(blocks.slice(0, height));
  return chain;
}

const serving = async (chain: Chain, peers: readonly NodeId[]) => {
  for (const peer of peers)
    await serveSync({
      chain,
      log: silentLog,
      channels: {
        serve: (protocol, onChannel) =>
          net.channels(peer).serve(protocol, (channel) =>
            onChannel({
              ...channel,
              async *[Symbol.asyncIterator]() {
                for await (const frame of channel) {
                  if (syncRequest.decode(frame).kind === "range")
                    asked.set(peer, (asked.get(peer) ?? 0) + 1);
                  yield frame;
                }
              },
            }),
          ),
      },
    });
};

function follow(chain: Chain, candidates: readonly NodeId[]): Sync {
  const log = {
    ...silentLog,
    warn: (_: string, fields?: object) => warnings.push(JSON.stringify(fields)),
  };
  const sync = new Sync({
    chain,
    channels: net.channels(me),
    candidates: () => candidates,
    isSeated: () => false,
    clock: {
      ...systemClock,
      monotonic: () => 20 * systemClock.monotonic(),
      setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / 20, callback),
    },
    log: { ...log, child: () => log },
    onFatal: (error) => warnings.push(String(error)),
  });
  running.push(sync);
  return sync;
}
const soon = () => AbortSignal.timeout(25_000);

test("a node that is epochs behind proves the newest head, and takes the blocks from all at once", async () => {
  expect(source.handOvers.length).toBeGreaterThan(3);
  await serving(await openAt("source", last), [a, b, c]);
  const chain = await openAt("me", 1);
  const sync = follow(chain, [a, b, c]);
  await expect.poll(() => sync.heardOf).toBe(last);
  await chain.waitFor(last, soon());
  expect(chain.head.hash).toBe(blocks.at(-1)?.certificate.ballot.blockHash);
  expect(warnings).toEqual([]);
  // The whole of it in ranges, and everybody had his part.
  expect([...asked.keys()].sort()).toEqual([a, b, c]);
  expect(await chain.handOvers(0)).toEqual(source.handOvers);
});

test("a source that goes away, or brings garbage, costs nothing but time", async () => {
  const served = await openAt("source", last);
  await serving(served, [a, b]);
  // The third shows the true head, and brings each range with a block's bytes broken.
  const lie = async (channel: Channel) => {
    const { header, certificate } = served.head;
    const head = certificate && { header, certificate };
    await channel.send(syncReply.encode({ kind: "head", head }));
    for await (const frame of channel) {
      const request = syncRequest.decode(frame);
      if (request.kind === "hand-overs")
        await channel.send(
          syncReply.encode({ kind: "hand-overs", handOvers: await served.handOvers(request.from) }),
        );
      if (request.kind !== "range") continue;
      const range = blocks.slice(request.from - 1, request.from - 1 + request.count);
      const broken = range.map((one) =>
        finalizedBlock.encode({ ...one, block: { ...one.block, transactions: [] } }),
      );
      const forged = [
        ...broken.slice(0, -1),
        finalizedBlock.encode({
          block: (range.at(-1) as (typeof range)[number]).block,
          certificate: (range[0] as (typeof range)[number]).certificate,
        }),
      ];
      await channel.send(syncReply.encode({ kind: "range", from: request.from, blocks: forged }));
    }
  };
  await net.channels(c).serve(streamNames.sync, (channel) => void lie(channel).catch(() => {}));
  const chain = await openAt("me", 1);
  follow(chain, [c, a, b]);
  await chain.waitFor(limits.syncBatchBlocks, soon());
  net.cut(a);
  await chain.waitFor(last, soon());
  expect(warnings.join()).toMatch(/CERTIFICATE_INVALID|BLOCK_INVALID/);
  expect(warnings.join()).toContain(c);
  expect(chain.head.state.root()).toBe(source.state.root());
});
