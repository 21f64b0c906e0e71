import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  request as open,
  type RequestOptions,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";

/** What goes wrong with one request. */
export type Fault =
  /** The service is never asked; this is its answer. */
  | { kind: "answer"; status: number; headers?: Record<string, string>; body?: string }
  /** The connection breaks after so many bytes of the answer's body. */
  | { kind: "cut"; afterBytes: number }
  /** Nothing more comes after so many bytes of the answer's body, and the connection stays. */
  | { kind: "stall"; afterBytes: number }
  /** The answer's body comes a byte at a time. */
  | { kind: "drip"; everyMs: number }
  /** The answer's body is changed on its way. */
  | { kind: "change" }
  /** The service does what it was asked, and its answer is lost. */
  | { kind: "lost answer" };

export interface FaultyLine {
  readonly endpoint: string;
  /** `GET /bucket/key`, as they came. */
  readonly requests: string[];
  /** What happens to the requests from now on: one fault each, and none when these are used up. */
  next(...faults: (Fault | null)[]): void;
  /** The same for all whose `GET /path` matches, until the next call. */
  always(fault: Fault, matching?: RegExp): void;
  /** For the first of these only. */
  once(fault: Fault, matching: RegExp): void;
  stop(): Promise<void>;
}

/** A line to a service, on which everything goes wrong that is asked for. */
export async function startFaultyLine(service: string): Promise<FaultyLine> {
  const requests: string[] = [];
  let faultOf: (request: string) => Fault | null = () => null;

  const server = createServer((request, response) => {
    const name = `${request.method} ${request.url}`;
    requests.push(name);
    void serve(service, { request, response, fault: faultOf(name) });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    next(...faults) {
      faultOf = () => faults.shift() ?? null;
    },
    always(fault, matching = /^/) {
      faultOf = (name) => (matching.test(name) ? fault : null);
    },
    once(fault, matching) {
      faultOf = (name) => {
        if (!matching.test(name)) return null;
        faultOf = () => null;
        return fault;
      };
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly fault: Fault | null;
}

async function serve(service: string, { request, response, fault }: Exchange): Promise<void> {
  const body = await bytesOf(request).catch(() => null);
  // The client has gone.
  if (body === null) return;
  if (fault?.kind === "answer") {
    response.writeHead(fault.status, { connection: "close", ...fault.headers }).end(fault.body);
    return;
  }
  const { method, headers, url = "/" } = request;
  const answer = await ask(new URL(url, service), { method: `${method}`, headers }, body);
  if (fault?.kind === "lost answer") {
    response.socket?.destroy();
    return;
  }
  response.writeHead(answer.status, answer.headers);
  await sendBody(response, answer.body, fault);
}

async function sendBody(response: ServerResponse, body: Buffer, fault: Fault | null) {
  if (fault?.kind === "change") body[0] = (body[0] ?? 0) ^ 1;
  if (fault === null || fault.kind === "change") {
    response.end(body);
    return;
  }
  const sentBytes = "afterBytes" in fault ? fault.afterBytes : 0;
  // The head goes out alone too: the client shall meet the fault in the body.
  response.flushHeaders();
  if (sentBytes > 0) response.write(body.subarray(0, sentBytes));
  if (fault.kind === "cut") setTimeout(() => response.socket?.destroy(), 20);
  if (fault.kind !== "drip") return;
  for (const byte of body) {
    await new Promise((resolve) => setTimeout(resolve, fault.everyMs));
    if (response.closed) return;
    response.write(Uint8Array.of(byte));
  }
  response.end();
}

async function ask(url: URL, options: RequestOptions, body: Buffer) {
  const outgoing = open(url, options).end(body);
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  return {
    status: answer.statusCode ?? 502,
    headers: answer.headers,
    body: await bytesOf(answer),
  };
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
