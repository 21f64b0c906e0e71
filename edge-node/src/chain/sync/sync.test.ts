import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { limits, type NodeId, systemClock } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import {
  type FinalizedBlock,
  finalizedBlock,
  type ProvenHeader,
  type SyncReply,
  streamNames,
  syncReply,
} from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../channel.ts";
import { type Chain, openChain } from "../store/chain.ts";
import { MemoryNetwork } from "../testing/memory-network.ts";
import { serveSync } from "./serve-sync.ts";
import { Sync } from "./sync.ts";

const source = new TestNetwork();
while (source.blocks.length < 90) source.step({ view: 1 });
const { blocks, genesis } = source;

const names = ["me", "A", "B", "C", "D"] as const;
const [me, a, b, c, d] = names.map((name) => name.padEnd(44, "x") as NodeId) as [
  NodeId,
  NodeId,
  NodeId,
  NodeId,
  NodeId,
];

let folder: string;
let net: MemoryNetwork;
const chains: Chain[] = [];
const syncs: Sync[] = [];
const warnings: string[] = [];
const fatal: unknown[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-sync-"));
  net = new MemoryNetwork();
});
afterEach(async () => {
  for (const sync of syncs.splice(0)) await sync.stop();
  for (const chain of chains.splice(0)) await chain.close();
  warnings.length = 0;
  fatal.length = 0;
  await rm(folder, { recursive: true, force: true });
});

async function openAt(name: string, height: number): Promise<Chain> {
  const chain = await openChain({ folder: join(folder, name), genesis, log: silentLog });
  chains.push(chain);
  await chain.commitFinal(blocks.slice(0, height));
  return chain;
}

async function server(peer: NodeId, height: number): Promise<Chain> {
  const chain = await openAt(peer, height);
  await serveSync({ chain, channels: net.channels(peer), log: silentLog });
  return chain;
}

/** A peer that shows the proof of `height`, or what it says instead, and answers as it likes. */
async function liar(
  peer: NodeId,
  shown: number | ProvenHeader,
  answer: (channel: Channel) => Promise<void>,
) {
  const head = typeof shown === "number" ? provenAt(shown) : shown;
  const lie = async (channel: Channel) => {
    await channel.send(encode({ kind: "head", head }));
    for await (const _ of channel) await answer(channel);
  };
  await net.channels(peer).serve(streamNames.sync, (channel) => void lie(channel).catch(() => {}));
}
function provenAt(height: number): ProvenHeader {
  const { block, certificate } = blocks[height - 1] as FinalizedBlock;
  return { header: block.header, certificate };
}
const encode = (reply: SyncReply) => syncReply.encode(reply);
const frameOf = (final: readonly FinalizedBlock[]) =>
  encode({ kind: "blocks", blocks: final.map((one) => finalizedBlock.encode(one)) });

function follow(chain: Chain, candidates: readonly NodeId[], isSeated = false): Sync {
  const log = {
    ...silentLog,
    warn: (_: string, fields?: object) => warnings.push(JSON.stringify(fields)),
  };
  const sync = new Sync({
    chain,
    channels: net.channels(me),
    candidates: () => candidates,
    isSeated: () => isSeated,
    // A hundred times as fast: a stall lasts 15 ms.
    clock: {
      ...systemClock,
      monotonic: () => 100 * systemClock.monotonic(),
      setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / 100, callback),
    },
    log: { ...log, child: () => log },
    onFatal: (error) => fatal.push(error),
  });
  syncs.push(sync);
  return sync;
}

const soon = () => AbortSignal.timeout(20_000);

describe("a follower", () => {
  test("catches up in batches, and then takes each new block as it comes", async () => {
    const serving = await server(a, 80);
    const chain = await openAt("me", 3);
    follow(chain, [a]);
    await chain.waitFor(80, soon());
    await serving.commitFinal(blocks);
    await chain.waitFor(90, soon());
    expect(chain.head.hash).toBe(serving.head.hash);
    expect(await chain.encodedBlockAt(77)).toEqual(await serving.encodedBlockAt(77));
  });

  test("goes on with another peer when its source goes away, and comes back to it", async () => {
    const [first, second] = [await server(a, 20), await server(b, 10)];
    const chain = await openAt("me", 0);
    follow(chain, [a, b]);
    await chain.waitFor(10, soon());
    net.cut(a);
    await second.commitFinal(blocks.slice(0, 30));
    await chain.waitFor(30, soon());
    net.cut(b);
    net.mend(a);
    await first.commitFinal(blocks.slice(0, 40));
    await chain.waitFor(40, soon());
  });

  test("replaces a peer that claims blocks and brings none", async () => {
    await liar(a, 90, async () => {});
    await server(b, 50);
    const chain = await openAt("me", 0);
    follow(chain, [a, b]);
    await chain.waitFor(50, soon());
    expect(fatal).toEqual([]);
  });

  test("believes no height that a quorum has not signed, and drops who claims one", async () => {
    const far = { ...provenAt(90).header, height: 2 ** 48 };
    const lies: ProvenHeader[] = [
      { header: far, certificate: provenAt(90).certificate },
      { header: far, certificate: { ...source.certify({ ...far, height: 90 }) } },
      { header: { ...far, epoch: 7 }, certificate: provenAt(90).certificate },
    ];
    for (const [i, lie] of lies.entries())
      await liar([a, b, c][i] as NodeId, lie, async (channel) =>
        channel.send(encode({ kind: "hand-overs", handOvers: [] })),
      );
    await server(d, 20);
    const chain = await openAt("me", 0);
    const sync = follow(chain, [a, b, c, d]);
    await chain.waitFor(20, soon());
    expect(sync.heardOf).toBe(20);
    for (const peer of [a, b, c]) expect(warnings.join()).toContain(peer);
    expect(warnings.join()).toMatch(/CERTIFICATE_INVALID/);
  });

  test("asks once who claims an unknown epoch and answers with hand-overs that lead nowhere", async () => {
    const claim = {
      ...provenAt(90),
      header: { ...provenAt(90).header, epoch: 999, height: 2 ** 48 },
    };
    const { committee } = source.state;
    const handOvers = [7, 998].map((epoch) => ({
      ...{ ...provenAt(1), committee },
      header: { ...provenAt(1).header, epoch },
    }));
    let asked = 0;
    await liar(a, claim, async (channel) => {
      asked++;
      await channel.send(encode({ kind: "hand-overs", handOvers }));
    });
    await server(b, 20);
    const chain = await openAt("me", 0);
    follow(chain, [a, b]);
    await chain.waitFor(20, soon());
    await expect.poll(() => warnings.join()).toMatch(/CERTIFICATE_INVALID/);
    expect(warnings.join()).toContain(a);
    // To be told of heads, and for the hand-overs.
    expect(asked).toBeLessThanOrEqual(2);
  });

  const forged: [string, (channel: Channel) => Promise<void>][] = [
    ["blocks that are not final", (channel) => channel.send(frameOf([unfinal()]))],
    ["blocks of another place", (channel) => channel.send(frameOf(blocks.slice(10, 12)))],
    ["no message at all", (channel) => channel.send(new Uint8Array(50).fill(7))],
    [
      "what is no block",
      (channel) => channel.send(encode({ kind: "blocks", blocks: [new Uint8Array(9)] })),
    ],
  ];
  test.each(forged)(
    "drops a peer that serves %s, with a code, and asks another",
    async (_, answer) => {
      await liar(a, 90, answer);
      await server(b, 50);
      const chain = await openAt("me", 0);
      follow(chain, [a, b]);
      await chain.waitFor(50, soon());
      // Where the honest one was heard first, the liar's claim of more is looked into after that.
      await expect
        .poll(() => warnings.join(), { timeout: 10_000 })
        .toMatch(/CERTIFICATE_INVALID|BLOCK_INVALID|WIRE_/);
      expect(warnings.join()).toContain(a);
      expect(fatal).toEqual([]);
    },
  );

  test("stops for a human when a quorum's block is not what it computes", async () => {
    const [first] = blocks as [FinalizedBlock];
    const header = { ...first.block.header, stateRoot: "cd".repeat(32) as never };
    const diverging = { block: { ...first.block, header }, certificate: source.certify(header) };
    const { certificate } = diverging;
    await liar(a, { header, certificate }, (channel) => channel.send(frameOf([diverging])));
    const chain = await openAt("me", 0);
    follow(chain, [a]);
    await expect.poll(() => fatal).toMatchObject([{ code: "BLOCK_DIVERGES" }]);
    expect(chain.head.height).toBe(0);
  });

  test("opens a few channels, however many peers there are", async () => {
    let open = 0;
    for (const peer of [a, b, c, d])
      await net.channels(peer).serve(streamNames.sync, async (channel) => {
        open++;
        await channel.send(encode({ kind: "head", head: null }));
        await channel.closed;
      });
    follow(await openAt("me", 0), [a, b, c, d]);
    await expect.poll(() => open).toBe(limits.syncSources);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open).toBe(limits.syncSources);
  });
});

describe("a seat", () => {
  test("takes no blocks from others while it keeps up, and asks when it has fallen behind", async () => {
    const serving = await server(a, 5);
    const chain = await openAt("me", 5);
    const sync = follow(chain, [a], true);
    await expect.poll(() => sync.heardOf).toBe(5);
    await serving.commitFinal(blocks.slice(0, 40));
    await chain.waitFor(40, soon());
    expect(chain.head.hash).toBe(serving.head.hash);
  });
});

/** The first block under a certificate of one signature too few. */
function unfinal(): FinalizedBlock {
  const [{ block, certificate }] = blocks as [FinalizedBlock];
  const { ballot, seats, signatures } = certificate;
  return { block, certificate: { ballot, seats: seats.slice(1), signatures: signatures.slice(1) } };
}
