import { limits, type NodeId } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { PoolQuota } from "./pool-quota.ts";

const node = (name: string | number) => `${name}`.padEnd(44, "x") as NodeId;
const members = [1, 2, 3, 4].map(node);

/** Takes as many as it may, each of another sender; how many those are. */
function fill(quota: PoolQuota, from: NodeId | null, atMost = Infinity): number {
  let taken = 0;
  for (; taken < atMost; taken++) {
    const origin = { sender: node(`sender ${taken} ${from}`), from };
    if (quota.refusal(origin)) break;
    quota.add(origin);
  }
  return taken;
}

describe("the pool's quota", () => {
  test("leaves each member its part, however many strangers come first", () => {
    const quota = new PoolQuota(() => members);
    let strangers = 0;
    for (let i = 0; i < 100; i++) strangers += fill(quota, node(`stranger ${i}`));
    expect(strangers).toBe(limits.mempoolTransactions / 2);
    for (const member of members)
      expect(fill(quota, member)).toBe(limits.mempoolTransactions / 2 / members.length);
    expect(quota.refusal({ sender: node("me"), from: null })).toMatchObject({
      code: "MEMPOOL_FULL",
    });
  });

  test("gives room back, to the sender and to the peer", () => {
    const quota = new PoolQuota(() => members);
    const origin = { sender: node("sender"), from: node("stranger") };
    for (let i = 0; i < limits.mempoolPerSender; i++) quota.add(origin);
    expect(quota.refusal(origin)).toMatchObject({ code: "TOO_MANY_PENDING" });
    quota.remove(origin);
    expect(quota.refusal(origin)).toBeNull();
  });

  test("one stranger is not many", () => {
    const quota = new PoolQuota(() => members);
    expect(fill(quota, node("stranger"))).toBe(limits.mempoolPerPeer);
  });
});
