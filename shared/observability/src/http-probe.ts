import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "@meshwork/foundation";
import type { Metrics } from "./metrics.ts";

/** Why a process is not ready, or null when it is. */
export type Readiness = () => string | null | Promise<string | null>;

export interface HttpProbeParts {
  metrics: Metrics;
  /** Asked at each `/readyz`: a balancer sends no work to a process that gives a reason. */
  readiness: Readiness;
}

export interface HttpProbeOptions {
  /** 0 lets the system choose. */
  port: number;
  /** @default 127.0.0.1: metrics tell strangers too much */
  host?: string;
}

export interface HttpProbe {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** `/healthz` (I run), `/readyz` (I can work; else 503 and why) and `/metrics`, for machines to read. */
export async function startHttpProbe(
  parts: HttpProbeParts,
  options: HttpProbeOptions,
): Promise<HttpProbe> {
  const host = options.host ?? "127.0.0.1";
  const server = createServer(
    { requestTimeout: 5_000, maxHeaderSize: 8_192 },
    (request, response) => {
      request.resume();
      const path = (request.url ?? "").split("?", 1)[0] ?? "";
      answer(parts, request.method === "GET" ? path : "", response).catch((error) =>
        send(response, 500, messageOf(error)),
      );
    },
  );
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(parts: HttpProbeParts, path: string, response: ServerResponse) {
  switch (path) {
    case "/healthz":
      return send(response, 200, "ok");
    case "/readyz": {
      const reason = await parts.readiness();
      return reason === null ? send(response, 200, "ready") : send(response, 503, reason);
    }
    case "/metrics":
      return send(response, 200, await parts.metrics.text(), parts.metrics.contentType);
    default:
      return send(response, 404, "GET /healthz, /readyz or /metrics");
  }
}

function send(response: ServerResponse, status: number, text: string, type = "text/plain") {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" });
  response.end(`${text}\n`);
}
