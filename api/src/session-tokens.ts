import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import {
  type Clock,
  milliseconds,
  type NodeId,
  nodeId,
  type PublicKey,
  publicKey,
  type Random,
} from "@meshwork/foundation";
import { wire } from "@meshwork/protocol";
import { z } from "zod";

const claims = wire(
  /** The key too: a token dies with the key that opened it. */
  z.strictObject({ account: nodeId, publicKey, expires: milliseconds }),
  { name: "session", maxBytes: 256 },
);

export interface Session {
  account: NodeId;
  publicKey: PublicKey;
  expires: number;
}

export interface SessionOptions {
  lifetimeMs: number;
  /** Tokens that were checked and need not be again; the one unused longest is forgotten first. */
  maxKnown: number;
}

/**
 * Short-lived bearer tokens: canonical claims and their HMAC-SM3. The secret is this process's
 * own and lives no longer than it does, so there is nothing to store and nothing to leak; after a
 * restart a client signs once more.
 */
export function createSessionTokens(
  parts: { clock: Clock; random: Random },
  options: SessionOptions,
) {
  const secret = createSecretKey(parts.random.bytes(32));
  const macOf = (body: Uint8Array) => createHmac("sm3", secret).update(body).digest();
  const known = new Map<string, Session>();

  const remember = (token: string, session: Session) => {
    known.delete(token);
    known.set(token, session);
    if (known.size > options.maxKnown) known.delete(known.keys().next().value as string);
    return session;
  };

  const check = (token: string): Session | null => {
    const [, bodyText, macText] = /^([\w-]{1,350})\.([\w-]{43})$/.exec(token) ?? [];
    if (bodyText === undefined || macText === undefined) return null;
    const body = Buffer.from(bodyText, "base64url");
    const mac = Buffer.from(macText, "base64url");
    const authentic = mac.length === 32 && timingSafeEqual(mac, macOf(body));
    return authentic ? claims.decode(body) : null;
  };

  return {
    open(account: NodeId, key: PublicKey): { token: string; expires: number } {
      const expires = parts.clock.now() + options.lifetimeMs;
      const body = claims.encode({ account, publicKey: key, expires });
      return { token: `${base64url(body)}.${base64url(macOf(body))}`, expires };
    },
    read(token: string): Session | "invalid" | "expired" {
      const session = known.get(token) ?? check(token);
      if (session === null) return "invalid";
      return session.expires > parts.clock.now() ? remember(token, session) : "expired";
    },
  };
}
export type SessionTokens = ReturnType<typeof createSessionTokens>;

const base64url = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64url");
