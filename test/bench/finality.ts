import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, open, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createVoteFolder } from "@meshwork/edge-node/vote-key";
import { type Points, systemClock } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { genesis } from "@meshwork/protocol";
import { type Bench, median, quantile, row } from "./harness.ts";

const ROUNDS = 8;
const TRANSACTIONS_A_ROUND = 12;
/** Published Sequential Simplex decides in three message delays, each after a durable write. */
const DELAYS = 3;

/** Four validators as processes on loopback; one transaction at a time, from hand-in to durable. */
export const finality: Bench = {
  name: "finality",
  about: "from a transaction's hand-in until its block is final, 4 validators as processes",
  async run() {
    const folder = await mkdtemp(join(tmpdir(), "meshwork-finality-"));
    const validators = await startValidators(folder);
    const floor = await openFloor(folder);
    try {
      await include(validators, 8);
      const ours: number[] = [];
      const bare: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(...(await include(validators, TRANSACTIONS_A_ROUND)));
        bare.push(await floor.measure());
      }
      const baseline = median(bare);
      return {
        rows: [
          row({ metric: "finality p50", value: median(ours), unit: "ms" }, { atMost: 50 }),
          row({ metric: "finality p99", value: quantile(ours, 0.99), unit: "ms" }),
          row({
            metric: "p50 over 3 × (bare TCP delay + synced write)",
            value: median(ours),
            unit: "ms",
            baseline,
          }),
        ],
      };
    } finally {
      for (const validator of validators) validator.kill("SIGKILL");
      floor.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

const program = fileURLToPath(
  new URL("../../edge-node/src/chain/testing/validator-process.ts", import.meta.url),
);

async function startValidators(folder: string): Promise<ChildProcess[]> {
  const policy = { admission: "open", registerPrice: 0n as Points } as const;
  const { genesis: made } = new TestNetwork({ members: 4, policy });
  const members = await Promise.all(
    made.members.map(async (member, i) => {
      await mkdir(join(folder, `member-${i}`));
      return { ...member, vote: await createVoteFolder(join(folder, `member-${i}`, "vote")) };
    }),
  );
  const file = join(folder, "genesis.json");
  await writeFile(file, genesis.toJson({ ...made, time: systemClock.now() - 1_000, members }));
  const started = members.map((_, i) =>
    fork(program, [join(folder, `member-${i}`), `member-${i}`, file], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    }),
  );
  const ready = await Promise.all(
    started.map(async (child) => (await once(child, "message"))[0] as { record: string }),
  );
  for (const child of started)
    child.send({ kind: "meet", records: ready.map(({ record }) => record) });
  return started;
}

async function include([first]: ChildProcess[], count: number): Promise<number[]> {
  if (first === undefined) return [];
  first.send({ kind: "include", count });
  const [{ finalityMs }] = (await once(first, "message")) as [{ finalityMs: number[] }];
  return finalityMs;
}

/** What the machine itself takes: delays on a bare TCP connection, and appends made durable. */
async function openFloor(folder: string) {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket: Socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setNoDelay();
  await once(socket, "connect");
  const file = await open(join(folder, "floor"), "a");
  const record = new Uint8Array(1_024);
  const roundTrip = async () => {
    socket.write(record);
    await once(socket, "data");
  };
  return {
    async measure(): Promise<number> {
      const since = performance.now();
      for (let i = 0; i < DELAYS; i++) {
        await file.appendFile(record);
        await file.datasync();
      }
      const writes = performance.now() - since;
      const sent = performance.now();
      for (let i = 0; i < DELAYS; i++) await roundTrip();
      return writes + (performance.now() - sent) / 2;
    },
    close() {
      socket.destroy();
      server.close();
      void file.close();
    },
  };
}
