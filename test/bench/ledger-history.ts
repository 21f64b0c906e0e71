import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openChain } from "@meshwork/edge-node";
import {
  createSnapshot,
  findSnapshot,
  openSnapshotStore,
  restoreSnapshot,
} from "@meshwork/edge-node/snapshot";
import { silentLog } from "@meshwork/observability";
import { headerHash } from "@meshwork/protocol";
import { type BenchRow, median, row } from "./harness.ts";
import { ChainGenerator, registrationIn } from "./ledger-generator.ts";

const SHORT = 1_000;
const JOINS = 5;
/** For the size on disk. */
const BLOCKS = 6;
const TRANSACTIONS = 1_000;
/** So that the state is worth a snapshot, and the same for both. */
const ACCOUNTS = 1_000;

/** Newcomers join after `SHORT` blocks and after `long`: by a snapshot it takes the same time. */
export async function joinRows(long: number): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "meshwork-join-"));
  try {
    const generator = new ChainGenerator();
    const { network } = generator;
    generator.next(Array.from({ length: ACCOUNTS }, () => registrationIn(network)));
    const begun = performance.now();
    const prepared: { height: number; join: () => Promise<number> }[] = [];
    for (const height of [SHORT, long]) {
      generator.goTo(height);
      prepared.push({ height, join: await newcomerTo(generator, join(folder, `${height}`)) });
    }
    const rate = long / ((performance.now() - begun) / 1_000);
    const times = prepared.map(() => [] as number[]);
    for (let i = -1; i < JOINS; i++)
      for (const [which, { join: once }] of prepared.entries()) {
        const ms = await once();
        if (i >= 0) times[which]?.push(ms);
      }
    const [short, far] = times.map((each) => median(each)) as [number, number];
    return [
      row({ metric: "blocks that the generator runs", value: rate, unit: "blocks/s" }),
      row(
        {
          metric: `join by snapshot after ${long} blocks, against ${SHORT}`,
          value: far,
          unit: "ms",
          baseline: short,
        },
        { atMost: 1.25 },
      ),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Publishes a snapshot of where the generator is; then each call is one newcomer, from nothing to an open ledger. */
async function newcomerTo(
  { network, genesis }: ChainGenerator,
  folder: string,
): Promise<() => Promise<number>> {
  const { header, lastCommit, state, chainId } = network;
  const { height } = header;
  const store = await openSnapshotStore({ address: join(folder, "store"), chainId, create: true });
  await createSnapshot(
    { height, hash: headerHash(header), header, certificate: lastCommit, state },
    store,
  );
  await store.close();
  let newcomers = 0;
  return async () => {
    const own = join(folder, `newcomer-${newcomers++}`);
    const begun = performance.now();
    const source = await openSnapshotStore({ address: join(folder, "store"), chainId });
    await restoreSnapshot(await findSnapshot(source, { height }), source, { genesis, folder: own });
    const chain = await openChain({ folder: join(own, "chain"), genesis, log: silentLog });
    const elapsedMs = performance.now() - begun;
    if (chain.head.height !== height) throw new Error(`joined at ${chain.head.height}`);
    await chain.close();
    await source.close();
    return elapsedMs;
  };
}

/** What a node stores, and how fast it takes in what others have made final. */
export async function diskRows(): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "meshwork-disk-"));
  try {
    const generator = new ChainGenerator();
    const { network, genesis } = generator;
    const blocks = Array.from({ length: BLOCKS }, () =>
      generator.next(Array.from({ length: TRANSACTIONS }, () => registrationIn(network))),
    );
    const chain = await openChain({ folder, genesis, log: silentLog });
    const begun = performance.now();
    for (const block of blocks) await chain.commitFinal([block]);
    const seconds = (performance.now() - begun) / 1_000;
    await chain.close();
    // LevelDB writes its log into tables when it is opened again.
    await (await openChain({ folder, genesis, log: silentLog })).close();
    const transactions = BLOCKS * TRANSACTIONS;
    return [
      row({
        metric: "full blocks taken in from a stranger",
        value: transactions / seconds,
        unit: "tx/s",
      }),
      row({
        metric: `LevelDB for a million registrations (from ${transactions})`,
        value: (((await sizeOf(folder)) / transactions) * 1e6) / 2 ** 30,
        unit: "GiB",
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
