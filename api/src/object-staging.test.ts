import type { ContentId, NodeId } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { createObjectStaging } from "./object-staging.ts";

let now = 0;
const clock = { now: () => now, monotonic: () => now, setTimer: () => () => {} };
const options = {
  maxBytes: 100,
  maxBytesPerAccount: 60,
  maxObjectsPerAccount: 3,
  lifetimeMs: 1_000,
};
const [alice, bob] = ["alice", "bob"] as NodeId[] as [NodeId, NodeId];
const id = (text: string) => text as ContentId;

describe("the shelf for uploads", () => {
  test("keeps what was stored until it is dropped or too old", () => {
    const staging = createObjectStaging(clock, options);
    staging.reserve(alice, 10).store(id("x"), new Uint8Array(10));
    expect(staging.get(alice, id("x"))?.length).toBe(10);
    expect(staging.get(bob, id("x"))).toBeNull();
    staging.drop(alice, [id("x"), id("never seen")]);
    expect(staging.get(alice, id("x"))).toBeNull();
    staging.reserve(alice, 10).store(id("y"), new Uint8Array(10));
    now += 1_000;
    staging.forgetExpired();
    expect([staging.get(alice, id("y")), staging.bytes]).toEqual([null, 0]);
  });

  test("counts what is announced as if it were there", () => {
    const staging = createObjectStaging(clock, options);
    const first = staging.reserve(alice, 50);
    expect(() => staging.reserve(alice, 11)).toThrow(/at most 3 with 60 bytes/);
    const other = staging.reserve(bob, 50);
    expect(() => staging.reserve(bob, 1)).toThrow(/100 are taken/);
    first.release();
    other.store(id("z"), new Uint8Array(50));
    expect(staging.bytes).toBe(50);
  });

  test("holds the same content once", () => {
    const staging = createObjectStaging(clock, options);
    for (let i = 0; i < 9; i++) staging.reserve(alice, 6).store(id("x"), new Uint8Array(6));
    expect(staging.bytes).toBe(6);
  });

  test("bounds the number of objects", () => {
    const staging = createObjectStaging(clock, options);
    for (let i = 0; i < 3; i++) staging.reserve(alice, 0).store(id(`${i}`), new Uint8Array(0));
    expect(() => staging.reserve(alice, 0)).toThrow(/3 uploads/);
  });
});
