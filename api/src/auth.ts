import type { Clock, Digest, NodeId, PublicKey } from "@meshwork/foundation";
import { DoorError } from "./door-error.ts";
import { doorLimits } from "./door-limits.ts";
import type { NonceGuard } from "./nonce-guard.ts";
import type { Gateway } from "./ports.ts";
import type { SessionTokens } from "./session-tokens.ts";
import { readProof, verifyRequest } from "./signed-request.ts";

/** Who asks, and how we know. */
export interface Caller {
  account: NodeId;
  publicKey: PublicKey;
  via: "signature" | "session";
  /** What the body must hash to; a session promises nothing about it. */
  bodyHash: Digest | null;
}

export interface AuthParts {
  gateway: Pick<Gateway, "account" | "network">;
  nonces: NonceGuard;
  sessions: SessionTokens;
  clock: Clock;
}

export interface AuthRequest {
  authorization: string;
  method: string;
  path: string;
  /** Whether nobody on the way could read the header: TLS, or the same machine. */
  confidential: boolean;
}

/** Knows the sender of a request by one of two headers; throws DoorError on a bad one. */
export function createAuth(parts: AuthParts) {
  return (request: AuthRequest): Caller => {
    const { authorization } = request;
    const bearer = /^Bearer (\S+)$/i.exec(authorization)?.[1];
    return bearer === undefined ? bySignature(parts, request) : bySession(parts, request, bearer);
  };
}
export type Auth = ReturnType<typeof createAuth>;

function bySession(parts: AuthParts, request: AuthRequest, token: string): Caller {
  if (!request.confidential)
    throw new DoorError(
      "CREDENTIAL_EXPOSED",
      "a bearer token was sent over plain HTTP, where anybody can read it: use https, or sign each request",
    );
  const session = parts.sessions.read(token);
  if (session === "expired")
    throw new DoorError("SESSION_EXPIRED", "the session is over: open another by session.open");
  if (session === "invalid" || keyOf(parts, session.account) !== session.publicKey)
    throw new DoorError(
      "SESSION_INVALID",
      "no session of this server has this token: open one by session.open",
    );
  return {
    account: session.account,
    publicKey: session.publicKey,
    via: "session",
    bodyHash: null,
  };
}

function bySignature(parts: AuthParts, request: AuthRequest): Caller {
  const proof = readProof(request.authorization);
  if (proof === null)
    throw new DoorError(
      "CREDENTIAL_MALFORMED",
      "the authorization header is neither `Bearer <token>` nor `Meshwork account=…,sent=…,nonce=…,body=…,signature=…`",
    );
  const now = parts.clock.now();
  if (Math.abs(proof.sent - now) > doorLimits.requestWindowMs)
    throw new DoorError(
      "REQUEST_EXPIRED",
      `the request is dated ${proof.sent}, here it is ${now}: more than ${doorLimits.requestWindowMs} ms apart; set the clock right and sign again`,
      { detail: { sent: proof.sent, now } },
    );
  const publicKey = keyOf(parts, proof.account);
  const { chainId } = parts.gateway.network();
  if (!verifyRequest(publicKey, proof, { chainId, method: request.method, path: request.path }))
    throw new DoorError(
      "BAD_SIGNATURE",
      `the signature is not one by ${proof.account} over ${request.method} ${request.path.slice(0, 120)} on network ${chainId}`,
    );
  useNonce(parts.nonces, `${proof.account}/${proof.nonce}`);
  return { account: proof.account, publicKey, via: "signature", bodyHash: proof.bodyHash };
}

function useNonce(nonces: NonceGuard, nonce: string): void {
  switch (nonces.use(nonce)) {
    case "fresh":
      return;
    case "replayed":
      throw new DoorError(
        "REQUEST_REPLAYED",
        "this signed request was seen before: sign each request anew, with a new nonce",
      );
    case "full":
      throw new DoorError(
        "NONCES_EXHAUSTED",
        "too many signed requests at the moment: try again in a minute, or open a session",
      );
  }
}

function keyOf({ gateway }: AuthParts, account: NodeId): PublicKey {
  const known = gateway.account(account);
  if (known === null)
    throw new DoorError(
      "ACCOUNT_UNKNOWN",
      `the ledger knows no account ${account}: register it, or use the key of one that is`,
      { detail: { account } },
    );
  return known.publicKey;
}
