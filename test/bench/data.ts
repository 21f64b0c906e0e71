import { type FileHandle, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { createServer, connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import {
  createMeshwork,
  defineTask,
  type FileSink,
  type FileSource,
  type Meshwork,
} from "@meshwork/api/client";
import { networkFiles, readKeys } from "@meshwork/cli/start";
import type { Fuel } from "@meshwork/foundation";
import { z } from "zod";
import { examples } from "../examples/compile.ts";
import { startNetwork, type TestNetwork } from "../support/running-network.ts";
import { streamRows } from "./data-stream.ts";
import { type Bench, type BenchRow, row } from "./harness.ts";

const MiB = 2 ** 20;
/** The memory that a small file takes is what any file takes: the large one is held against it. */
const SMALL_MIB = 8;

/** Inputs of gigabytes, as their users meet them; `data-long` moves a whole one. */
const dataBench = (name: string, about: string, sizeMiB: number): Bench => ({
  name,
  about,
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "meshwork-data-"));
    try {
      const rows = await streamRows(folder, Math.min(sizeMiB, 256));
      const running = await startNetwork(folder);
      try {
        rows.push(...(await networkRows(folder, running, sizeMiB)));
      } finally {
        await running.stop();
      }
      return { rows };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

export const data = dataBench(
  "data",
  "a file of 128 MiB: up, down, to a peer, through a task",
  128,
);
export const dataLong = dataBench("data-long", "the same with 1 GiB: some 20 GiB of disk", 1_024);

async function networkRows(
  folder: string,
  running: TestNetwork,
  sizeMiB: number,
): Promise<BenchRow[]> {
  const { apiUrl: url, genesis, folder: home } = running.network;
  const { keyPair } = await readKeys(join(home, networkFiles.agent));
  const meshwork = createMeshwork({ url, key: keyPair, genesis });
  const program = new Uint8Array(await readFile(examples.logAnalysis.compiled));

  const moveAndRun = async (mib: number) => {
    const log = join(folder, `${mib}.log`);
    await writeLog(log, mib);
    const copied = await tcpCopy(log, join(folder, "copy"));
    const { putMs, getMs } = await putAndGet(meshwork, log, join(folder, "back"));
    const watch = watchMemory(running);
    const began = performance.now();
    await withFile(log, async (source) =>
      meshwork.run(logTask(program, mib), await meshwork.putFile(source)),
    );
    const taskMs = performance.now() - began;
    return { copied, putMs, getMs, taskMs, memory: await watch() };
  };
  const small = await moveAndRun(SMALL_MIB);
  const large = await moveAndRun(sizeMiB);
  const rate = (ms: number) => (1_000 * sizeMiB) / ms;
  const copy = { unit: "MiB/s", baseline: rate(large.copied) };
  const grown = (who: "api" | "nodes" | "sandboxes") => ({
    metric: `peak memory, ${who}: beyond what ${SMALL_MIB} MiB take`,
    value: large.memory[who] - small.memory[who],
    unit: "MiB",
  });
  return [
    row({ metric: "put, against a copy over TCP", value: rate(large.putMs), ...copy }),
    row({ metric: "get, against a copy over TCP", value: rate(large.getMs), ...copy }),
    row({
      metric: "a task over it, verified: 2 runs, 4 verifiers, 6 fetches",
      value: large.taskMs / 1_000,
      unit: "s",
    }),
    row({ metric: "peak memory of a sandbox", value: large.memory.sandboxes, unit: "MiB" }),
    ...(["api", "nodes", "sandboxes"] as const).map((who) => row(grown(who), { atMost: 192 })),
  ];
}

const bytes = z.instanceof(Uint8Array);

const logTask = (program: Uint8Array, mib: number) =>
  defineTask({
    runtime: "wasi-cmd-v1",
    program,
    input: bytes,
    output: bytes,
    outputAs: "bytes",
    limits: { fuel: (1_000_000_000n + BigInt(mib) * 200_000_000n) as Fuel },
    deadlines: { matchMs: 300_000, runMs: 1_800_000, deliverMs: 1_800_000 },
    priceCeiling: 200_000n,
  });

async function putAndGet(meshwork: Meshwork, log: string, back: string) {
  const from = performance.now();
  const file = await withFile(log, (source) => meshwork.putFile(source));
  const between = performance.now();
  await withFile(back, (sink) => meshwork.getFile(file.contentId, sink), "w+");
  const end = performance.now();
  await rm(back);
  return { putMs: between - from, getMs: end - between };
}

async function withFile<T>(
  path: string,
  work: (file: FileSource & FileSink) => Promise<T>,
  flags = "r",
): Promise<T> {
  const file = await open(path, flags);
  try {
    const { size } = await file.stat();
    return await work({
      sizeBytes: size,
      read: (offset: number, length: number) => readAt(file, offset, length),
      async write(offset: number, chunk: Uint8Array) {
        await file.write(chunk, 0, chunk.length, offset);
      },
    } as FileSource & FileSink);
  } finally {
    await file.close();
  }
}

async function readAt(file: FileHandle, offset: number, length: number) {
  const piece = new Uint8Array(length);
  const { bytesRead } = await file.read(piece, 0, length, offset);
  return bytesRead === length ? piece : null;
}

/** From a file through a socket into a file: what a machine can do with nothing in between. */
async function tcpCopy(from: string, to: string): Promise<number> {
  const began = performance.now();
  const source = await open(from);
  const target = await open(to, "w");
  const server = createServer((socket) => source.createReadStream().pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await pipeline(dial(port, "127.0.0.1"), target.createWriteStream({ flush: true }));
  server.close();
  await rm(to);
  return performance.now() - began;
}

async function writeLog(path: string, mib: number): Promise<void> {
  const file = await open(path, "w");
  const line = (i: number) =>
    `10.0.${i % 50}.${i % 7} - - [10/Oct/2026:${String(i % 24).padStart(2, "0")}:00:00 +0000] "GET /page/${i % 1_011} HTTP/1.1" 200 ${i % 5_000}\n`;
  for (let written = 0, i = 0; written < mib * MiB; i += 10_000) {
    const text = Array.from({ length: 10_000 }, (_, k) => line(i + k)).join("");
    await file.write(text);
    written += text.length;
  }
  await file.close();
}

interface Peaks {
  api: number;
  nodes: number;
  sandboxes: number;
}

const POLL_MS = 100;

/** The most resident memory of each kind of process, in MiB, until the result is called. */
function watchMemory({ network }: TestNetwork): () => Promise<Peaks> {
  const peaks: Peaks = { api: 0, nodes: 0, sandboxes: 0 };
  const look = async () => {
    for (const { name, pid } of network.processes()) {
      const who = name === "api" ? "api" : name.startsWith("node") ? "nodes" : null;
      if (who !== null) peaks[who] = Math.max(peaks[who], await residentMiB(pid));
      for (const child of await childrenOf(pid))
        peaks.sandboxes = Math.max(peaks.sandboxes, await residentMiB(child));
    }
  };
  let looking = look();
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, POLL_MS);
  return async () => {
    clearInterval(timer);
    await looking;
    return peaks;
  };
}

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024;
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
  return text.split(" ").filter(Boolean).map(Number);
}
