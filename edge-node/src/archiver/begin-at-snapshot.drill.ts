import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import type { P2p } from "@meshwork/p2p";
import { chainIdOf } from "@meshwork/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ChainError } from "../chain/chain-error.ts";
import { type Chain, openChain } from "../chain/store/chain.ts";
import { createTestP2p } from "../testing/p2p-node.ts";
import { beginAtSnapshot } from "./begin-at-snapshot.ts";
import { keepSnapshots } from "./keep-snapshots.ts";
import { rejoinWhenStranded } from "./rejoin.ts";
import { TurnedClock } from "./testing/turned-clock.ts";

/** As many blocks as make a snapshot worth it. */
const network = new TestNetwork();
for (let i = 0; i < 1_001; i++) network.step({ view: 1 });
const { genesis, blocks } = network;
const chainId = chainIdOf(genesis);
/** An hour after the genesis, and more. */
const later = { ...systemClock, now: () => genesis.time + 7_200_000 };

let folder: string;
let ends: (() => Promise<void>)[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-begin-"));
  ends = [() => rm(folder, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
});

async function openAt(name: string): Promise<Chain> {
  const chain = await openChain({ folder: join(folder, name, "chain"), genesis, log: silentLog });
  ends.push(() => chain.close());
  return chain;
}

/** A node with all blocks that keeps its snapshot for others, in a place of its own and a configured one. */
async function giver(): Promise<P2p> {
  const chain = await openAt("giver");
  await chain.commitFinal(blocks);
  const [p2p, clock] = [await createTestP2p(chainId), new TurnedClock()];
  const kept = await keepSnapshots(
    { chain, p2p, clock, log: silentLog },
    { folder: join(folder, "giver"), snapshotStore: join(folder, "store") },
  );
  expect(kept.snapshotTime).toBeUndefined();
  ends.push(() => kept.stop());
  await p2p.start();
  ends.push(() => p2p.stop());
  await clock.advance(5_000);
  expect(kept.snapshotTime).toBe(network.header.time);
  return p2p;
}

const soonAfter = { ...later, now: () => genesis.time + 60_000 };
const stranded = new ChainError("SYNC_STRANDED", "nobody has the next block");

/** A node at block 3 that nobody can bring the next, and what it ended with. */
async function strandedNode(relays: readonly string[], clock: TurnedClock) {
  const chain = await openAt("me");
  await chain.commitFinal(blocks.slice(0, 3));
  const p2p = await createTestP2p(chainId, { relays });
  await p2p.start();
  const ended = Promise.withResolvers<unknown>();
  const looks: string[] = [];
  const log = { ...silentLog, error: (text: string) => void looks.push(text) };
  const stop = rejoinWhenStranded(
    {
      ...{ p2p, log, onFatal: ended.resolve, ledger: { chain, trouble: stranded } },
      // It asks its peers in our time.
      clock: {
        ...soonAfter,
        setTimer: (ms, call) => (ms < 5_000 ? later : clock).setTimer(ms, call),
      },
    },
    { folder: join(folder, "me"), genesis },
  );
  const end = async () => {
    stop();
    await p2p.stop();
    await chain.close();
  };
  return { ended: ended.promise, looks, end };
}

async function expectBegun(): Promise<void> {
  const { head, base } = await openAt("me");
  expect([head.height, base]).toEqual([1_001, 1_001]);
  expect(head.state.root()).toBe(network.state.root());
  expect(await readdir(join(folder, "me"))).toEqual(["chain"]);
}

test("a newcomer begins where its peers' newest snapshot is, over real connections", async () => {
  const peer = await giver();
  const connect = () => createTestP2p(chainId, { relays: peer.addresses() });
  const parts = { clock: later, log: silentLog, connect };
  await beginAtSnapshot(parts, { folder: join(folder, "me"), genesis });
  await expectBegun();
});

test("with a configured store it needs no peer", async () => {
  await giver();
  const connect = () => Promise.reject(new Error("it connects"));
  const parts = { clock: later, log: silentLog, connect };
  const snapshotStore = join(folder, "store");
  await beginAtSnapshot(parts, { folder: join(folder, "me"), genesis, snapshotStore });
  await expectBegun();
});

test("in a network that has just begun it asks nobody, and opens no connection", async () => {
  const connect = () => Promise.reject(new Error("it connects"));
  const clock = { ...later, now: () => genesis.time + 60_000 };
  await beginAtSnapshot(
    { clock, log: silentLog, connect },
    { folder: join(folder, "me"), genesis },
  );
  expect(await readdir(folder)).toEqual([]);
});

test("a node that nobody has the next block for ends, and begins again at a snapshot, however young its ledger is", async () => {
  const peer = await giver();
  const clock = new TurnedClock();
  const node = await strandedNode(peer.addresses(), clock);
  clock.turn(5_000);
  expect(await node.ended).toMatchObject({ code: "REJOIN_BY_SNAPSHOT", cause: stranded });
  await node.end();
  const connect = () => createTestP2p(chainId, { relays: peer.addresses() });
  const parts = { clock: soonAfter, log: silentLog, connect };
  await beginAtSnapshot(parts, { folder: join(folder, "me"), genesis });
  await expectBegun();
});

test("a node that began again in vain is not ended once more by what it is offered, for ten minutes", async () => {
  const peer = await giver();
  const me = join(folder, "me");
  await mkdir(me, { recursive: true });
  await writeFile(join(me, "rejoin"), "3\n");
  const connect = () => Promise.reject(new ChainError("SYNC_STALLED", "nobody has its chunks"));
  await beginAtSnapshot({ clock: soonAfter, log: silentLog, connect }, { folder: me, genesis });
  expect(await readdir(me)).toEqual(["rejoin-failed"]);
  const clock = new TurnedClock();
  const node = await strandedNode(peer.addresses(), clock);
  clock.turn(5_000);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(node.looks).toEqual([]);
  await node.end();
  // Later it tries again.
  await writeFile(join(me, "rejoin-failed"), String(soonAfter.now() - 600_000));
  const again = await strandedNode(peer.addresses(), clock);
  clock.turn(5_000);
  expect(await again.ended).toMatchObject({ code: "REJOIN_BY_SNAPSHOT" });
  await again.end();
});
