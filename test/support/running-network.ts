import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { portsFrom, type RunningNetwork, requireFree, withNetwork } from "@meshwork/cli/start";

/** A whole network of processes, as `npm start` runs it, in a folder of its own. */
export interface TestNetwork {
  readonly network: RunningNetwork;
  /** Of the process with this name, as it is now. */
  pidOf(name: string): number;
  /** Stops the processes, keeps the folder. */
  stop(): Promise<void>;
}

const silent = { json: false, say: () => {}, emit: () => {}, note: () => {} };

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "meshwork-e2e-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export async function startNetwork(
  data: string,
  options: { nodes?: number; stores?: Record<string, string>; restarts?: number } = {},
): Promise<TestNetwork> {
  const stopping = new AbortController();
  const up = Promise.withResolvers<RunningNetwork>();
  const done = withNetwork(
    {
      data,
      nodes: options.nodes ?? 7,
      port: await freePorts(),
      fresh: false,
      logLevel: "info",
      stores: options.stores ?? {},
      ...(options.restarts === undefined ? {} : { restarts: options.restarts }),
      signal: stopping.signal,
    },
    silent,
    async (network) => {
      up.resolve(network);
      await once(stopping.signal, "abort");
    },
  );
  done.catch(up.reject);
  const network = await up.promise;
  return {
    network,
    pidOf(name) {
      const found = network.processes().find((one) => one.name === name);
      if (found === undefined) throw new RangeError(`no process is called ${name}`);
      return found.pid;
    },
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

/** The first of three neighbouring ports that are free now. */
export async function freePorts(): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    const isFree = await requireFree(portsFrom(port)).then(
      () => true,
      () => false,
    );
    if (isFree) return port;
  }
}
