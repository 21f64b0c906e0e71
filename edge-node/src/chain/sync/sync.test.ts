import { limits } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import {
  type FinalizedBlock,
  finalizedBlock,
  type ProvenHeader,
  streamNames,
} from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../channel.ts";
import { encodeReply, peerNamed, SyncWorld } from "../testing/sync-world.ts";

const source = new TestNetwork();
while (source.blocks.length < 90) source.step({ view: 1 });
const { blocks } = source;
const [a, b, c, d] = [peerNamed("A"), peerNamed("B"), peerNamed("C"), peerNamed("D")];

let world: SyncWorld;
/** A hundred times as fast: a stall lasts 15 ms. */
beforeEach(async () => {
  world = await SyncWorld.create(source, 100);
});
afterEach(() => world.end());

const server = async (peer: typeof a, height: number) =>
  world.serve(await world.openAt(peer, height), peer);
const frameOf = (final: readonly FinalizedBlock[]) =>
  encodeReply({ kind: "blocks", blocks: final.map((one) => finalizedBlock.encode(one)) });
const soon = () => AbortSignal.timeout(20_000);

describe("a follower", () => {
  test("catches up in batches, and then takes each new block as it comes", async () => {
    const serving = await server(a, 80);
    const chain = await world.openAt("me", 3);
    world.follow(chain, [a]);
    await chain.waitFor(80, soon());
    await serving.commitFinal(blocks);
    await chain.waitFor(90, soon());
    expect(chain.head.hash).toBe(serving.head.hash);
    expect(await chain.encodedBlockAt(77)).toEqual(await serving.encodedBlockAt(77));
  });

  test("goes on with another peer when its source goes away, and comes back to it", async () => {
    const [first, second] = [await server(a, 20), await server(b, 10)];
    const chain = await world.openAt("me", 0);
    world.follow(chain, [a, b]);
    await chain.waitFor(10, soon());
    world.net.cut(a);
    await second.commitFinal(blocks.slice(0, 30));
    await chain.waitFor(30, soon());
    world.net.cut(b);
    world.net.mend(a);
    await first.commitFinal(blocks.slice(0, 40));
    await chain.waitFor(40, soon());
  });

  test("replaces a peer that claims blocks and brings none", async () => {
    await world.liar(a, 90, async () => {});
    await server(b, 50);
    const chain = await world.openAt("me", 0);
    world.follow(chain, [a, b]);
    await chain.waitFor(50, soon());
    expect(world.fatal).toEqual([]);
  });

  test("believes no height that a quorum has not signed, and drops who claims one", async () => {
    const far = { ...world.provenAt(90).header, height: 2 ** 48 };
    const lies: ProvenHeader[] = [
      { header: far, certificate: world.provenAt(90).certificate },
      { header: far, certificate: { ...source.certify({ ...far, height: 90 }) } },
      { header: { ...far, epoch: 7 }, certificate: world.provenAt(90).certificate },
    ];
    for (const [i, lie] of lies.entries())
      await world.liar([a, b, c][i] as typeof a, lie, async (channel) =>
        channel.send(encodeReply({ kind: "hand-overs", handOvers: [] })),
      );
    await server(d, 20);
    const chain = await world.openAt("me", 0);
    const sync = world.follow(chain, [a, b, c, d]);
    await chain.waitFor(20, soon());
    expect(sync.heardOf).toBe(20);
    for (const peer of [a, b, c]) expect(world.warnings.join()).toContain(peer);
    expect(world.warnings.join()).toMatch(/CERTIFICATE_INVALID/);
  });

  test("asks once who claims an unknown epoch and answers with hand-overs that lead nowhere", async () => {
    const claim = {
      ...world.provenAt(90),
      header: { ...world.provenAt(90).header, epoch: 999, height: 2 ** 48 },
    };
    const { committee } = source.state;
    const handOvers = [7, 998].map((epoch) => ({
      ...{ ...world.provenAt(1), committee },
      header: { ...world.provenAt(1).header, epoch },
    }));
    let asked = 0;
    await world.liar(a, claim, async (channel) => {
      asked++;
      await channel.send(encodeReply({ kind: "hand-overs", handOvers }));
    });
    await server(b, 20);
    const chain = await world.openAt("me", 0);
    world.follow(chain, [a, b]);
    await chain.waitFor(20, soon());
    await expect.poll(() => world.warnings.join()).toMatch(/CERTIFICATE_INVALID/);
    expect(world.warnings.join()).toContain(a);
    // To be told of heads, and for the hand-overs.
    expect(asked).toBeLessThanOrEqual(2);
  });

  const forged: [string, (channel: Channel) => Promise<void>][] = [
    ["blocks that are not final", (channel) => channel.send(frameOf([unfinal()]))],
    ["blocks of another place", (channel) => channel.send(frameOf(blocks.slice(10, 12)))],
    ["no message at all", (channel) => channel.send(new Uint8Array(50).fill(7))],
    [
      "what is no block",
      (channel) => channel.send(encodeReply({ kind: "blocks", blocks: [new Uint8Array(9)] })),
    ],
  ];
  test.each(forged)(
    "drops a peer that serves %s, with a code, and asks another",
    async (_, answer) => {
      await world.liar(a, 90, answer);
      await server(b, 50);
      const chain = await world.openAt("me", 0);
      world.follow(chain, [a, b]);
      await chain.waitFor(50, soon());
      // Where the honest one was heard first, the liar's claim of more is looked into after that.
      await expect
        .poll(() => world.warnings.join(), { timeout: 10_000 })
        .toMatch(/CERTIFICATE_INVALID|BLOCK_INVALID|WIRE_/);
      expect(world.warnings.join()).toContain(a);
      expect(world.fatal).toEqual([]);
    },
  );

  test("stops for a human when a quorum's block is not what it computes", async () => {
    const [first] = blocks as [FinalizedBlock];
    const header = { ...first.block.header, stateRoot: "cd".repeat(32) as never };
    const diverging = { block: { ...first.block, header }, certificate: source.certify(header) };
    const { certificate } = diverging;
    await world.liar(a, { header, certificate }, (channel) => channel.send(frameOf([diverging])));
    const chain = await world.openAt("me", 0);
    world.follow(chain, [a]);
    await expect.poll(() => world.fatal).toMatchObject([{ code: "BLOCK_DIVERGES" }]);
    expect(chain.head.height).toBe(0);
  });

  test("asks another when one is silent after he let it in, however many are", async () => {
    for (const peer of [a, b, c])
      await world.net.channels(peer).serve(streamNames.sync, (channel) => void channel.closed);
    await server(d, 20);
    const chain = await world.openAt("me", 0);
    world.follow(chain, [a, b, c, d]);
    await chain.waitFor(20, soon());
  });

  test("finds the one who has all blocks among many who began at a snapshot", async () => {
    for (const peer of [a, b, c]) await world.serve(await world.openFrom(peer, 40, 60), peer);
    await server(d, 50);
    const chain = await world.openAt("me", 10);
    const sync = world.follow(chain, [a, b, c, d]);
    await chain.waitFor(60, soon());
    expect(sync.trouble).toBeNull();
  });

  test("says that it is stranded when nobody has its next block any more", async () => {
    for (const peer of [a, b]) await world.serve(await world.openFrom(peer, 40, 60), peer);
    const chain = await world.openAt("me", 10);
    const sync = world.follow(chain, [a, b]);
    await expect.poll(() => sync.trouble?.code, { timeout: 10_000 }).toBe("SYNC_STRANDED");
    expect(sync.heardOf).toBe(60);
    // Whatever way they came.
    await chain.commitFinal(blocks.slice(0, 41));
    await expect.poll(() => sync.trouble).toBeNull();
    await chain.waitFor(60, soon());
  });

  test("is not stranded by one who proves no higher head, or claims to begin above his own", async () => {
    const begins = encodeReply({ kind: "begins-after", height: 2 ** 48 });
    await world.liar(a, 20, (channel) => channel.send(begins));
    await world.liar(b, 10, (channel) => channel.send(begins));
    await world.net.channels(c).serve(streamNames.sync, (channel) => void channel.send(begins));
    const chain = await world.openAt("me", 10);
    const sync = world.follow(chain, [a, b, c]);
    // 40 seconds of its clock, and each has been asked.
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(sync.trouble).toBeNull();
  });

  test("opens a few channels, however many peers there are", async () => {
    let open = 0;
    for (const peer of [a, b, c, d])
      await world.net.channels(peer).serve(streamNames.sync, async (channel) => {
        open++;
        await channel.send(encodeReply({ kind: "head", head: null }));
        await channel.closed;
      });
    world.follow(await world.openAt("me", 0), [a, b, c, d]);
    await expect.poll(() => open).toBe(limits.syncSources);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(open).toBe(limits.syncSources);
  });
});

describe("a seat", () => {
  test("takes no blocks from others while it keeps up, and asks when it has fallen behind", async () => {
    const serving = await server(a, 5);
    const chain = await world.openAt("me", 5);
    const sync = world.follow(chain, [a], { isSeated: true });
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
