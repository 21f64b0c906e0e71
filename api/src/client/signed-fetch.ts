import { type KeyPair, nodeIdOf, sha256Hex } from "@meshwork/crypto";
import {
  type ChainId,
  type Clock,
  messageOf,
  type NodeId,
  type Random,
  toHex,
} from "@meshwork/foundation";
import { signRequest } from "../signed-request.ts";
import { ClientError } from "./client-error.ts";

/** The one port to the net; Node's own by default. */
export type Fetch = typeof globalThis.fetch;

export interface SignedFetchParts {
  keyPair: KeyPair;
  /** @default the name of the key: right until its first rotation */
  account?: NodeId | undefined;
  clock: Clock;
  random: Random;
  fetch: Fetch;
}

export interface OutgoingRequest {
  method: "GET" | "POST" | "PUT";
  body?: Uint8Array<ArrayBuffer>;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

/** Sends a request that its sender signs; nobody who reads it on the way can use it again. */
export async function signedFetch(
  parts: SignedFetchParts,
  chainId: ChainId,
  url: URL,
  request: OutgoingRequest,
): Promise<Response> {
  const { method, body } = request;
  const authorization = signRequest(parts.keyPair, {
    chainId,
    account: parts.account ?? nodeIdOf(parts.keyPair.publicKey),
    method,
    path: `${url.pathname}${url.search}`,
    bodyHash: sha256Hex(body ?? new Uint8Array(0)),
    sent: parts.clock.now(),
    nonce: toHex(parts.random.bytes(16)),
  });
  return plainFetch(parts.fetch, url, { ...request, authorization });
}

export async function plainFetch(
  send: Fetch,
  url: URL,
  { method, body, headers, signal, authorization }: OutgoingRequest & { authorization?: string },
): Promise<Response> {
  try {
    return await send(url, {
      method,
      headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
      // A redirect would carry the credential to a place that it was not made for.
      redirect: "error",
      ...(body === undefined ? {} : { body }),
      ...(signal ? { signal } : {}),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new ClientError(
      "UNREACHABLE",
      `${url.origin} does not answer (${reasonOf(cause)}): is the address right, and the API up?`,
      { detail: { url: url.origin }, cause },
    );
  }
}

/** Node's fetch says "fetch failed" and keeps the reason in its cause. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause instanceof Error
    ? messageOf(error.cause)
    : messageOf(error);
