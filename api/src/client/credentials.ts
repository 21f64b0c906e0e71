import type { ChainId } from "@meshwork/foundation";
import { z } from "zod";
import { ClientError, refusalOf } from "./client-error.ts";
import {
  type OutgoingRequest,
  plainFetch,
  type SignedFetchParts,
  signedFetch,
} from "./signed-fetch.ts";

/** A token is given up this long before its end, so that no request dies on the way. */
const MARGIN_MS = 30_000;

const opened = z.object({
  result: z.object({ data: z.object({ token: z.string(), expires: z.number() }) }),
});

/**
 * Proves who asks. Where nobody listens (TLS, the same machine), one signed request opens a session
 * and its token serves for the rest; elsewhere each request is signed.
 */
export function createCredentials(parts: SignedFetchParts, door: { chainId: ChainId; base: URL }) {
  const signed = (url: URL, request: OutgoingRequest) =>
    signedFetch(parts, door.chainId, url, request);
  let session: Promise<{ token: string; expires: number }> | null = null;

  const open = async () => {
    const response = await signed(new URL("/trpc/session.open", door.base), {
      method: "POST",
      body: new Uint8Array(0),
      headers: { "content-type": "application/json" },
    });
    const answer: unknown = await response.json().catch(() => null);
    const parsed = opened.safeParse(answer);
    if (parsed.success) return parsed.data.result.data;
    throw (
      refusalOf((answer as { error?: unknown } | null)?.error) ??
      new ClientError("ANSWER_INVALID", `${door.base.origin} opened no session`)
    );
  };

  const token = async (): Promise<string> => {
    const known = await session?.catch(() => null);
    if (known && known.expires - MARGIN_MS > parts.clock.now()) return known.token;
    session = open();
    return (await session).token;
  };

  const withToken = async (url: URL, request: OutgoingRequest) =>
    plainFetch(parts.fetch, url, { ...request, authorization: `Bearer ${await token()}` });

  const sendOnce = async (url: URL, request: OutgoingRequest): Promise<Response> => {
    if (!isPrivate(door.base)) return signed(url, request);
    const response = await withToken(url, request);
    // The server was started anew, and knows no session.
    if (response.status !== 401) return response;
    await response.body?.cancel();
    session = null;
    return withToken(url, request);
  };

  return {
    async send(url: URL, request: OutgoingRequest): Promise<Response> {
      try {
        return await sendOnce(url, request);
      } catch (error) {
        if (!(error instanceof ClientError && error.code === "UNREACHABLE")) throw error;
        // A socket that was kept open may have died since. All that we send may be sent twice.
        return sendOnce(url, request);
      }
    },
  };
}

const isPrivate = ({ protocol, hostname }: URL): boolean =>
  protocol === "https:" ||
  hostname === "localhost" ||
  hostname === "[::1]" ||
  /^127\.\d+\.\d+\.\d+$/.test(hostname);
