import type { Clock } from "@meshwork/foundation";

export interface NonceGuardOptions {
  windowMs: number;
  maxNonces: number;
}

/**
 * Remembers each nonce for as long as its request could be shown again. Full, it refuses the new
 * rather than forget the old: a replay is worse than a wait.
 */
export function createNonceGuard(clock: Clock, options: NonceGuardOptions) {
  /** In order of expiry, since each lives equally long. */
  const expiries = new Map<string, number>();

  const forgetExpired = (now: number) => {
    for (const [nonce, expiry] of expiries) {
      if (expiry > now) return;
      expiries.delete(nonce);
    }
  };

  return {
    use(nonce: string): "fresh" | "replayed" | "full" {
      const now = clock.monotonic();
      forgetExpired(now);
      if (expiries.has(nonce)) return "replayed";
      if (expiries.size >= options.maxNonces) return "full";
      // A request may be dated a window ahead, and is then valid for a window more.
      expiries.set(nonce, now + 2 * options.windowMs + 1);
      return "fresh";
    },
    get size(): number {
      return expiries.size;
    },
  };
}
export type NonceGuard = ReturnType<typeof createNonceGuard>;
