import { type Clock, limits, systemClock, utf8 } from "@meshwork/foundation";
import { type NodeRecord, nodeRecord } from "@meshwork/protocol";
import { Key } from "interface-datastore";
import { describe, expect, test } from "vitest";
import { BoundedDatastore } from "./bounded-datastore.ts";
import { openAdmission } from "./check-record.ts";
import { nodeRecordRules } from "./discovery.ts";
import { createRecordBook } from "./record-book.ts";
import { ManualClock } from "./testing/manual-clock.ts";
import { testChainId, testIdentity } from "./testing/test-nodes.ts";

const rules = (clock: Clock = systemClock) =>
  nodeRecordRules({ chainId: testChainId, admission: openAdmission, clock });
const keyOf = (record: NodeRecord) => utf8(`/meshwork-record/${record.unsigned.nodeId}`);

describe("what a DHT server stores", () => {
  const record = testIdentity().recordAt(["/ip4/127.0.0.1/tcp/1"]);
  const value = nodeRecord.encode(record);

  test("is a node's own record, under its own name", () => {
    expect(() => rules().validate(keyOf(record), value)).not.toThrow();
    const other = testIdentity().recordAt([]);
    expect(() => rules().validate(keyOf(other), value)).toThrow(/not stored/);
  });

  test("is not garbage, not of another network, not expired, and not changed by anybody", () => {
    expect(() => rules().validate(keyOf(record), utf8("garbage"))).toThrow();
    const elsewhere = testIdentity({ chainId: "33".repeat(32) as never }).recordAt([]);
    const foreign = nodeRecord.encode(elsewhere);
    expect(() => rules().validate(keyOf(elsewhere), foreign)).toThrow(
      expect.objectContaining({ code: "HELLO_OTHER_NETWORK" }),
    );
    const tomorrow = { ...systemClock, now: () => systemClock.now() + 25 * 3_600_000 };
    expect(() => rules(tomorrow).validate(keyOf(record), value)).toThrow(
      expect.objectContaining({ code: "HELLO_EXPIRED" }),
    );
    const moved = {
      ...record,
      unsigned: { ...record.unsigned, addresses: ["/ip4/6.6.6.6/tcp/6"] },
    };
    expect(() => rules().validate(keyOf(record), nodeRecord.encode(moved))).toThrow(
      expect.objectContaining({ code: "HELLO_BAD_SIGNATURE" }),
    );
  });

  test("is the newest of several", () => {
    const identity = testIdentity();
    const values = [1, 2, 3].map(() => nodeRecord.encode(identity.recordAt([])));
    expect(rules().select(utf8("any"), values)).toBe(2);
    expect(rules().select(utf8("any"), values.reverse())).toBe(0);
  });

  test("is bounded: the longest untouched goes first, and nothing else is touched", async () => {
    const store = new BoundedDatastore();
    const name = (i: number) => new Key(`/dht/record/r${i}`);
    await store.put(new Key("/peers/p"), utf8("peer"));
    for (let i = 0; i <= limits.nodeRecordsKept; i++) await store.put(name(i), utf8("x"));
    expect([await store.has(name(0)), await store.has(name(1))]).toEqual([false, true]);
    expect(await store.has(new Key("/peers/p"))).toBe(true);
  });
});

describe("the record book", () => {
  test("keeps the newest record of a node, and finds it by either name until it expires", () => {
    const clock = new ManualClock();
    const book = createRecordBook({ clock });
    const identity = testIdentity({}, clock);
    const [older, newer] = [identity.recordAt([]), identity.recordAt(["/ip4/1.2.3.4/tcp/1"])];
    expect(book.put(newer)).toBe(true);
    expect(book.put(older)).toBe(false);
    expect(book.of(identity.nodeId)).toEqual(newer);
    expect(book.ofPeer(identity.peerId)).toEqual(newer);
    clock.advance(25 * 3_600_000);
    expect(book.of(identity.nodeId)).toBeUndefined();
    expect(book.size).toBe(0);
  });

  test("forgets the longest unused when it is full", () => {
    const book = createRecordBook({ clock: systemClock }, { capacity: 2 });
    const [a, b, c] = [testIdentity(), testIdentity(), testIdentity()];
    book.put(a.recordAt([]));
    book.put(b.recordAt([]));
    book.of(a.nodeId);
    book.put(c.recordAt([]));
    expect([a, b, c].map(({ nodeId }) => book.of(nodeId) !== undefined)).toEqual([
      true,
      false,
      true,
    ]);
  });
});
