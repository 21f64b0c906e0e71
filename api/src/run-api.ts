import type { Log, Metrics } from "@meshwork/observability";
import { readConfig } from "./config.ts";
import type { Gateway } from "./ports.ts";
import { startServer } from "./server.ts";

/** The node behind the door, under way. */
export interface OpenGateway {
  gateway: Gateway;
  /** One log and one registry a process. */
  log: Log;
  metrics: Metrics;
  /** Where the node's own probe answers, if it has one. */
  probeUrl?: string;
  stop(): Promise<void>;
}

export interface ApiProcess {
  environment: Readonly<Record<string, string | undefined>>;
  /** Starts the node; throws a coded error, such as of a wrong setting. */
  openGateway(environment: Readonly<Record<string, string | undefined>>): Promise<OpenGateway>;
}

/** The life of the process: settings, node, door, `ready`; upon SIGTERM or SIGINT in reverse. */
export async function runApi({ environment, openGateway }: ApiProcess): Promise<void> {
  const config = readConfig(environment);
  const stopping = new Promise<string>((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const)
      process.once(signal, () => resolve(signal));
  });
  const node = await Promise.race([openGateway(config.nodeEnvironment), stopping.then(() => null)]);
  // A node that is still looking for its network has nothing to lose, and cannot be asked to stop.
  if (node === null) process.exit(0);
  const { gateway, log, metrics, probeUrl } = node;
  try {
    const server = await startServer({ gateway, log, metrics }, config);
    log.info("the API serves", { url: server.url });
    process.send?.({ kind: "ready", url: server.url, ...(probeUrl ? { probeUrl } : {}) });
    log.info("the API stops", { because: await stopping });
    await server.stop();
  } finally {
    await node.stop();
  }
}
