import { createServer } from "node:net";
import { SupervisorError } from "../supervisor/supervisor-error.ts";

/** The ports of one development network, beside each other, so that `--port` moves them all. */
export interface Ports {
  readonly api: number;
  readonly relayTcp: number;
  readonly relayWebSocket: number;
}

export const portsFrom = (first: number): Ports => ({
  api: first,
  relayTcp: first + 1,
  relayWebSocket: first + 2,
});

/** Asks before anything is started: nine processes that fail one after another explain less. */
export async function requireFree(ports: Ports): Promise<void> {
  for (const port of Object.values(ports)) await requirePortFree(port);
}

function requirePortFree(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (cause) =>
      reject(
        new SupervisorError(
          "PORT_BUSY",
          `port ${port} on 127.0.0.1 cannot be had (${cause.message}); stop what listens there, or choose three free ports by --port N`,
          { detail: { port }, cause },
        ),
      ),
    );
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}
