import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import type { LookupFunction } from "node:net";
import { type Clock, limits } from "@meshwork/foundation";
import { OutsideError } from "./outside-error.ts";

export interface HttpRequest {
  method: "GET" | "POST";
  headers: Record<string, string>;
  body?: string;
  /** Resolves the host's name. @default the system's */
  lookup?: LookupFunction;
}

export interface HttpAnswer {
  status: number;
  type: string;
  location: string | null;
  body: Uint8Array;
}

/** One request and its whole answer, bounded in time and size; redirects are the caller's to follow. */
export async function httpExchange(
  clock: Clock,
  url: URL,
  { signal, ...asked }: HttpRequest & { signal: AbortSignal },
): Promise<HttpAnswer> {
  const late = new AbortController();
  const stopTimer = clock.setTimer(limits.outsideTimeoutMs, () =>
    late.abort(new OutsideError("TIMEOUT", `no answer within ${limits.outsideTimeoutMs} ms`)),
  );
  try {
    return await send(url, { ...asked, signal: AbortSignal.any([late.signal, signal]) });
  } catch (error) {
    signal.throwIfAborted();
    if (late.signal.aborted) throw late.signal.reason;
    throw error instanceof OutsideError
      ? error
      : new OutsideError("UNREACHABLE", `${url.host} cannot be asked`, { cause: error });
  } finally {
    stopTimer();
  }
}

function send(
  url: URL,
  { method, headers, body, lookup, signal }: HttpRequest & { signal: AbortSignal },
): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const open = url.protocol === "https:" ? requestHttps : requestHttp;
  // No agent: a connection to one program's host serves no other's.
  const sent = open(url, { method, headers, signal, agent: false, ...(lookup && { lookup }) });
  sent.on("error", reject);
  // Who switches to something else closes the request without an error, and nothing would end the wait.
  sent.on("upgrade", (_, socket) => {
    socket.destroy();
    reject(new OutsideError("UNREACHABLE", `${url.host} answers in another protocol`));
  });
  sent.on("response", (response) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    response.on("error", reject);
    response.on("data", (chunk: Uint8Array) => {
      length += chunk.length;
      if (length > limits.outsideBodyBytes)
        sent.destroy(
          new OutsideError("TOO_LARGE", `the answer exceeds ${limits.outsideBodyBytes} bytes`),
        );
      else chunks.push(chunk);
    });
    response.on("end", () =>
      resolve({
        status: response.statusCode ?? 0,
        type: String(response.headers["content-type"] ?? "").slice(0, 200),
        location: response.headers.location ?? null,
        body: Buffer.concat(chunks),
      }),
    );
  });
  sent.end(body);
  return promise;
}
