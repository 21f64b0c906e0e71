import type { Clock } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { addressGroup, createRateLimit } from "./rate-limit.ts";

let now = 0;
const clock: Clock = { now: () => now, monotonic: () => now, setTimer: () => () => {} };
const options = { perSecond: 10, burst: 20, maxKeys: 3 };

describe("a rate limit", () => {
  test("lets a burst through, then the rate, and says how long to wait", () => {
    const limit = createRateLimit(clock, options);
    for (let i = 0; i < 20; i++) expect(limit.spend("a", 1)).toBe(0);
    expect(limit.spend("a", 1)).toBe(100);
    now += 99;
    expect(limit.spend("a", 1)).toBeGreaterThan(0);
    now += 1;
    expect(limit.spend("a", 1)).toBe(0);
    expect(limit.spend("b", 1)).toBe(0);
  });

  test("takes what costs more than a burst only from a full bucket, which then owes", () => {
    const limit = createRateLimit(clock, options);
    expect(limit.spend("a", 50)).toBe(0);
    expect(limit.spend("a", 1)).toBe(3_100);
  });

  test("remembers a bounded number of keys, those in use longest", () => {
    const limit = createRateLimit(clock, options);
    limit.spend("a", 20);
    for (let i = 0; i < 100; i++) {
      limit.spend(`stranger ${i}`, 1);
      expect(limit.spend("a", 1)).toBeGreaterThan(0);
    }
    expect(limit.size).toBe(3);
  });

  test("counts an IPv6 network of /64 and an IPv4 address as one", () => {
    expect(addressGroup("192.0.2.7")).toBe("192.0.2.7");
    expect(addressGroup("::ffff:192.0.2.7")).toBe("192.0.2.7");
    expect(addressGroup("2001:db8:1:2::7")).toBe(addressGroup("2001:db8:1:2:ffff:1:2:3"));
    expect(addressGroup("2001:db8::1")).not.toBe(addressGroup("2001:db8:1::1"));
    expect(addressGroup("::1")).toBe("0:0:0:0");
    expect(addressGroup("fe80::1%eth0")).toBe("fe80:0:0:0");
  });
});
