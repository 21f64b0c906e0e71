import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateKeyPair } from "@meshwork/crypto";
import { type Key25519, systemClock, systemRandom } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { createMetrics, silentLog } from "@meshwork/observability";
import { createIdentity, createP2p, type P2p } from "@meshwork/p2p";
import { chainIdOf } from "@meshwork/protocol";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Chain, openChain } from "../chain/store/chain.ts";
import { beginAtSnapshot } from "./begin-at-snapshot.ts";
import { keepSnapshots } from "./keep-snapshots.ts";
import { TurnedClock } from "./testing/turned-clock.ts";

/** As many blocks as make a snapshot worth it. */
const network = new TestNetwork();
for (let i = 0; i < 1_001; i++) network.step({ view: 1 });
const { genesis, blocks } = network;
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

async function connections(relays: readonly string[]): Promise<P2p> {
  const clock = systemClock;
  const identity = createIdentity(
    { clock },
    {
      chainId: chainIdOf(genesis),
      keyPair: generateKeyPair(),
      roles: ["worker"],
      region: "test",
      sealKey: "22".repeat(32) as Key25519,
      software: "test",
    },
  );
  const metrics = createMetrics({ processMetrics: false });
  return createP2p(
    { identity, clock, random: systemRandom, log: silentLog, metrics },
    { listen: ["/ip4/127.0.0.1/tcp/0"], relays },
  );
}

async function openAt(name: string): Promise<Chain> {
  const chain = await openChain({ folder: join(folder, name, "chain"), genesis, log: silentLog });
  ends.push(() => chain.close());
  return chain;
}

/** A node with all blocks that keeps its snapshot for others, in a place of its own and a configured one. */
async function giver(): Promise<P2p> {
  const chain = await openAt("giver");
  await chain.commitFinal(blocks);
  const [p2p, clock] = [await connections([]), new TurnedClock()];
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

async function expectBegun(): Promise<void> {
  const { head, base } = await openAt("me");
  expect([head.height, base]).toEqual([1_001, 1_001]);
  expect(head.state.root()).toBe(network.state.root());
  expect(await readdir(join(folder, "me"))).toEqual(["chain"]);
}

test("a newcomer begins where its peers' newest snapshot is, over real connections", async () => {
  const peer = await giver();
  const connect = () => connections(peer.addresses());
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
