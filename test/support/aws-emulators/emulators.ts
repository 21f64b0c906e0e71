import { once } from "node:events";
import type { AddressInfo } from "node:net";
import dynalite from "dynalite";
import { startFauxqs } from "fauxqs";

/** A service that speaks an AWS protocol on loopback, until it is stopped. */
export interface Emulator {
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** DynamoDB, over a LevelDB in memory. */
export async function startDynalite(): Promise<Emulator> {
  const server = dynalite({ createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

/** S3, in memory: right for puts and parts; it knows no conditional put, and believes every checksum. */
export async function startS3(): Promise<Emulator> {
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  return { endpoint: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
}
