import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Digest } from "@meshwork/foundation";
import type { State } from "@meshwork/ledger";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Chain, openChain } from "../../store/chain.ts";
import { backUpNode } from "../back-up-node.ts";
import { findSnapshot, listSnapshots } from "../list-snapshots.ts";
import { MemorySnapshotStore } from "../testing/memory-store.ts";
import { verifySnapshot } from "../verify-snapshot.ts";
import { findRunningNode } from "./ask-running-node.ts";
import { framed, unframed } from "./local-frames.ts";
import { serveExports } from "./serve-exports.ts";
import { prepareSocketFolder, socketPathOf } from "./socket-path.ts";

const network = new TestNetwork();
for (let i = 0; i < 5; i++) network.step({ view: 1 });
const { genesis, blocks } = network;

let folder: string;
let chain: Chain;
let stop: () => Promise<void>;
let store: MemorySnapshotStore;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-running-"));
  chain = await openChain({ folder: join(folder, "chain"), genesis, log: silentLog });
  await chain.commitFinal(blocks.slice(0, 4));
  stop = await serveExports({ chain, log: silentLog }, folder);
  store = new MemorySnapshotStore();
});
afterEach(async () => {
  await stop();
  await chain.close();
  await rm(folder, { recursive: true, force: true });
});

const backUp = () => backUpNode(store, { folder, genesis });

describe("a running node", () => {
  test("gives its ledger to a backup, of one moment, and goes on meanwhile", async () => {
    store.chunks.beforePut = () => void chain.commitFinal(blocks);
    const { manifest } = await backUp();
    await chain.waitFor(5, AbortSignal.timeout(5_000));
    expect(manifest.height).toBe(4);
    await verifySnapshot(await findSnapshot(store), store, { genesis, readData: true });
    expect((await backUp()).manifest.height).toBe(5);
  });

  test("gives one backup at a time, and the next when that has ended", async () => {
    await stop();
    stop = await serveExports({ chain: large(chain), log: silentLog }, folder);
    const running = await findRunningNode(folder);
    await running?.state();
    await expect(backUp()).rejects.toMatchObject({ code: "BACKUP_BUSY" });
    expect(await listSnapshots(store)).toEqual({ snapshots: [], unreadable: [] });
    running?.close();
    const again = async () => {
      const source = await (await findRunningNode(folder))?.state();
      return source?.header.height;
    };
    await expect.poll(() => again().catch(({ code }) => code)).toBe(4);
  });

  test("that stops in the middle leaves no snapshot, and says so", async () => {
    const running = await findRunningNode(folder);
    const source = await running?.state();
    await stop();
    const rest = async () => {
      for await (const _chunk of source?.chunks ?? []);
    };
    // What was under way in the socket may still arrive; the end does not.
    await rest().catch((error) => expect(error).toMatchObject({ code: "BACKUP_INTERRUPTED" }));
    expect(await findRunningNode(folder)).toBeNull();
  });

  test("gives its blocks, as far as it has them", async () => {
    const running = await findRunningNode(folder);
    const heights: number[] = [];
    for await (const { finalized } of running?.blocks({ from: 3, to: 99 }) ?? [])
      heights.push(finalized.block.header.height);
    expect(heights).toEqual([3, 4]);
    running?.close();
  });

  test("of another network is told from the one that was meant", async () => {
    const other = new TestNetwork({ members: 7 }).genesis;
    const mistaken = backUpNode(store, { folder, genesis: other });
    await expect(mistaken).rejects.toMatchObject({ code: "SNAPSHOT_OTHER_NETWORK" });
  });

  test("is found again after a crash that left its socket", async () => {
    await stop();
    await writeFile(socketPathOf(folder), "");
    expect(await findRunningNode(folder)).toBeNull();
    stop = await serveExports({ chain, log: silentLog }, folder);
    expect(await findRunningNode(folder)).not.toBeNull();
  });

  test.skipIf(process.platform === "win32")("is reached by its owner alone", async () => {
    await stop();
    await chmod(join(folder, "control"), 0o755);
    stop = await serveExports({ chain, log: silentLog }, folder);
    expect((await stat(join(folder, "control"))).mode & 0o777).toBe(0o700);
  });

  test("survives whoever asks for nonsense", async () => {
    const { connect } = await import("node:net");
    for (const bytes of [
      [0, 0, 0, 1, 0xff],
      [0xff, 0xff, 0xff, 0xff],
      [0, 0],
    ]) {
      const socket = connect(socketPathOf(folder));
      socket.on("error", () => {});
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.end(Uint8Array.from(bytes));
      socket.resume();
      await closed;
    }
    expect((await backUp()).manifest.height).toBe(4);
  });
});

test("an answer that is cut short is no answer", async () => {
  await stop();
  const path = socketPathOf(folder);
  await prepareSocketFolder(path);
  await rm(path, { force: true });
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(Uint8Array.of(0, 0));
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  await expect(backUp()).rejects.toMatchObject({ code: "BACKUP_INTERRUPTED" });
  server.close();
});

test("frames arrive as they were sent, in whatever pieces", async () => {
  const frame = fc.uint8Array({ maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.array(frame), fc.integer({ min: 1, max: 9 }), async (frames, size) => {
      const all: Uint8Array[] = [];
      for await (const piece of framed(each(frames))) all.push(piece);
      const bytes = Buffer.concat(all);
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size));
      const received: Uint8Array[] = [];
      for await (const got of unframed(each(pieces), 40)) received.push(got);
      expect(received).toEqual(frames);
    }),
  );
});

/** With a state that does not fit into a socket's buffers. */
function large(chain: Chain): Parameters<typeof serveExports>[0]["chain"] {
  const leaves = () =>
    Array.from({ length: 500 }, (_, i) => ({
      key: String(i).padStart(64, "0") as Digest,
      value: new Uint8Array(60_000),
    }));
  const state = { leaves } as unknown as State;
  const encodedBlockAt = () => Promise.resolve(null);
  const handOvers = () => Promise.resolve([]);
  return {
    base: 0,
    handOvers,
    head: { ...chain.head, state },
    encodedBlockAt,
    history: chain.history,
  };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
