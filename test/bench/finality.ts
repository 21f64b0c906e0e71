import { once } from "node:events";
import { open } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { Validators } from "../support/validators.ts";
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
    const validators = await Validators.create();
    const floor = await openFloor(validators.folder);
    try {
      await validators.start(...validators.names);
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
      floor.close();
      await validators.end();
    }
  },
};

async function include(validators: Validators, count: number): Promise<number[]> {
  const [first] = validators.names as [string];
  return (await validators.ask(first, { kind: "include", count }, "included")).finalityMs;
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
