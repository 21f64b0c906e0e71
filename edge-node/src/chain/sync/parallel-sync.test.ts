import { limits, type NodeId } from "@meshwork/foundation";
import { standingNetwork } from "@meshwork/ledger/testing";
import { finalizedBlock, syncRequest } from "@meshwork/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Channel } from "../channel.ts";
import type { Chain } from "../store/chain.ts";
import { encodeReply, peerNamed, SyncWorld } from "../testing/sync-world.ts";

/** Some hundred blocks, in which the committee changes hands several times. */
const source = standingNetwork({
  policy: { epochMs: 20_000, handOverBlocks: 3, handOverMs: 30, committeeSeats: 4 },
});
while (source.blocks.length < 4 * limits.syncParallelBlocks)
  source.step({ view: 1, elapsedMs: 400 });
const { blocks } = source;
const last = blocks.length;
const [a, b, c] = [peerNamed("A"), peerNamed("B"), peerNamed("C")];

let world: SyncWorld;
/** How many ranges each was asked for. */
let asked: Map<NodeId, number>;
beforeEach(async () => {
  [world, asked] = [await SyncWorld.create(source, 20), new Map()];
});
afterEach(() => world.end());

/** Serves the chain, and counts. */
const serve = (chain: Chain, peer: NodeId) =>
  world.serve(chain, peer, {
    serve: (protocol, onChannel) =>
      world.net.channels(peer).serve(protocol, (channel) => onChannel(counting(channel, peer))),
  });
const counting = (channel: Channel, peer: NodeId): Channel => ({
  ...channel,
  async *[Symbol.asyncIterator]() {
    for await (const frame of channel) {
      if (syncRequest.decode(frame).kind === "range") asked.set(peer, (asked.get(peer) ?? 0) + 1);
      yield frame;
    }
  },
});
const soon = () => AbortSignal.timeout(25_000);

test("a node that is epochs behind proves the newest head, and takes the blocks from all at once", async () => {
  expect(source.handOvers.length).toBeGreaterThan(3);
  const served = await world.openAt("source", last);
  for (const peer of [a, b, c]) await serve(served, peer);
  const chain = await world.openAt("me", 1);
  const sync = world.follow(chain, [a, b, c]);
  await expect.poll(() => sync.heardOf).toBe(last);
  await chain.waitFor(last, soon());
  expect(chain.head.hash).toBe(blocks.at(-1)?.certificate.ballot.blockHash);
  expect(world.warnings).toEqual([]);
  // The whole of it in ranges, and everybody had his part.
  expect([...asked.keys()].sort()).toEqual([a, b, c]);
  expect(await chain.handOvers(0)).toEqual(source.handOvers);
});

test("a source that goes away, or brings garbage, costs nothing but time", async () => {
  const served = await world.openAt("source", last);
  for (const peer of [a, b]) await serve(served, peer);
  // The third shows the true head, and brings each block without what stands in it.
  const forged = blocks.map((one) =>
    finalizedBlock.encode({ ...one, block: { ...one.block, lastCommit: null } }),
  );
  await world.liar(c, last, async (channel, frame) => {
    const request = syncRequest.decode(frame);
    if (request.kind === "hand-overs")
      await channel.send(
        encodeReply({ kind: "hand-overs", handOvers: await served.handOvers(request.from) }),
      );
    if (request.kind !== "range") return;
    const { from, count } = request;
    const range = forged.slice(from - 1, from - 1 + count);
    await channel.send(encodeReply({ kind: "range", from, blocks: range }));
  });
  const chain = await world.openAt("me", 1);
  // He is alone at first: the others could be done before he is asked.
  const candidates = [c];
  world.follow(chain, candidates);
  await expect.poll(() => world.warnings.length, { timeout: 15_000 }).toBe(1);
  candidates.push(a, b);
  await chain.waitFor(limits.syncBatchBlocks, soon());
  world.net.cut(a);
  await chain.waitFor(last, soon());
  expect(world.warnings.join()).toMatch(/CERTIFICATE_INVALID|BLOCK_INVALID/);
  expect(world.warnings.join()).toContain(c);
  expect(chain.head.state.root()).toBe(source.state.root());
});
