import { type ChainId, CodedError, chainId, type NodeId, nodeId } from "@meshwork/foundation";
import { createTRPCClient, httpLink, type TRPCClient, TRPCClientError } from "@trpc/client";
import { z } from "zod";
// A type: nothing of the server comes along.
import type { AppRouter } from "../router.ts";
import { ClientError, refusalOf } from "./client-error.ts";
import { createCredentials } from "./credentials.ts";
import { type OutgoingRequest, plainFetch, type SignedFetchParts } from "./signed-fetch.ts";

/** The server as the client uses it: every call goes out in the requester's name. */
export interface Door {
  readonly chainId: ChainId;
  /** The node behind the server. */
  readonly gateway: NodeId;
  readonly trpc: TRPCClient<AppRouter>;
  /** For what is no tRPC call: uploads and event streams. `path` begins with a slash. */
  send(path: string, request: OutgoingRequest): Promise<Response>;
}

/** Asks the server which network it is of, and refuses another than `expected`. */
export async function openDoor(
  parts: SignedFetchParts,
  options: { url: string; expected: ChainId | null },
): Promise<Door> {
  const base = baseOf(options.url);
  const network = await networkOf(parts, base);
  if (options.expected !== null && options.expected !== network.chainId)
    throw new ClientError(
      "WRONG_NETWORK",
      `${base.origin} serves network ${network.chainId}, but ${options.expected} was asked for: use that network's API`,
      { detail: { found: network.chainId, expected: options.expected } },
    );
  const credentials = createCredentials(parts, { chainId: network.chainId, base });
  const send = (path: string, request: OutgoingRequest) =>
    credentials.send(new URL(path, base), request);
  return { ...network, trpc: typedClient(base, send), send };
}

/** Turns what tRPC throws into the coded error that the server, or `signed-fetch`, raised. */
export async function coded<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw codedErrorOf(error);
  }
}

function codedErrorOf(error: unknown): unknown {
  if (!(error instanceof TRPCClientError)) return error;
  const refusal = refusalOf(error.shape);
  if (refusal !== null) return refusal;
  if (error.cause instanceof CodedError) return error.cause;
  return new ClientError("ANSWER_INVALID", `the answer is none of this API: ${error.message}`, {
    cause: error,
  });
}

function typedClient(base: URL, send: Door["send"]): TRPCClient<AppRouter> {
  return createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: new URL("/trpc", base),
        fetch: (url, init) => {
          const { pathname, search } = new URL(String(url));
          const body = typeof init?.body === "string" ? new TextEncoder().encode(init.body) : null;
          return send(`${pathname}${search}`, {
            method: init?.method === "POST" ? "POST" : "GET",
            ...(body === null ? {} : { body, headers: { "content-type": "application/json" } }),
            signal: init?.signal ?? undefined,
          });
        },
      }),
    ],
  });
}

/** Before anything is signed: what is signed names the network. */
async function networkOf(parts: SignedFetchParts, base: URL) {
  const url = new URL("/trpc/network.get", base);
  const response = await plainFetch(parts.fetch, url, { method: "GET" });
  const answer: unknown = await response.json().catch(() => null);
  const found = networkAnswer.safeParse(answer);
  if (found.success) return found.data.result.data;
  throw (
    refusalOf((answer as { error?: unknown } | null)?.error) ??
    new ClientError(
      "ANSWER_INVALID",
      `${base.origin} answers, but is no Meshwork API: give the URL that \`npm start\` prints`,
    )
  );
}

const networkAnswer = z.object({
  result: z.object({ data: z.object({ chainId, gateway: nodeId }) }),
});

function baseOf(url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : null;
  if (base !== null && /^https?:$/.test(base.protocol) && base.pathname === "/") return base;
  throw new ClientError(
    "URL_INVALID",
    `${url.slice(0, 200)} is not the URL of an API: it looks like http://127.0.0.1:8080 or https://api.example.org`,
  );
}
