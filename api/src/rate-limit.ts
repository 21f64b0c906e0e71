import type { Clock } from "@meshwork/foundation";

export interface RateLimitOptions {
  /** What one key may spend, in the long run. */
  perSecond: number;
  /** What it may spend at once. */
  burst: number;
  /** Keys remembered; the least recently used is forgotten first. */
  maxKeys: number;
}

/** A token bucket for each key, such as an address or an account. */
export function createRateLimit(clock: Clock, options: RateLimitOptions) {
  const buckets = new Map<string, { tokens: number; at: number }>();

  return {
    /** 0 when `key` may spend `cost`, which is then spent; else the ms after which it may. */
    spend(key: string, cost: number): number {
      const now = clock.monotonic();
      const bucket = buckets.get(key) ?? { tokens: options.burst, at: now };
      const earned = ((now - bucket.at) / 1_000) * options.perSecond;
      const tokens = Math.min(options.burst, bucket.tokens + earned);
      // What costs more than a full bucket must wait for a full one, and then leaves a debt.
      const needed = Math.min(cost, options.burst);
      const allowed = tokens >= needed;
      buckets.delete(key);
      buckets.set(key, { tokens: allowed ? tokens - cost : tokens, at: now });
      if (buckets.size > options.maxKeys) buckets.delete(buckets.keys().next().value as string);
      return allowed ? 0 : Math.ceil(((needed - tokens) / options.perSecond) * 1_000);
    },
    get size(): number {
      return buckets.size;
    },
  };
}
export type RateLimit = ReturnType<typeof createRateLimit>;

/** What one subscriber can change at will is one key: an IPv6 customer has a /64 to himself. */
export function addressGroup(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  return plain.includes(":") ? expandIpv6(plain).slice(0, 4).join(":") : plain;
}

function expandIpv6(address: string): string[] {
  const [head = "", tail] = (address.split("%")[0] as string).split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: Math.max(0, zeros) }, () => "0"), ...right];
}
