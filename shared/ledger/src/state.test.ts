import type { Digest, NodeId, OrderId } from "@meshwork/foundation";
import { taskRecord, verifyStateProof } from "@meshwork/protocol";
import { describe, expect, test } from "vitest";
import { keyOf } from "./records.ts";
import { type LeafChange, State } from "./state.ts";
import { Actors, TestNetwork } from "./testing/index.ts";

const network = new TestNetwork({ members: 6 });
const actors = new Actors(network);
/** What a store holds that writes each block's changes and nothing else. */
const stored = new Map<Digest, Uint8Array>();
for (const { key, value } of network.state.leaves()) stored.set(key, value);
function store({ changes }: { changes: LeafChange[] }): void {
  for (const { key, value } of changes) {
    if (value === null) stored.delete(key);
    else stored.set(key, value);
  }
}
const orderId = actors.send();
store(network.step());
while (network.state.task(orderId)?.phase !== "done") {
  const task = network.state.task(orderId);
  if (task) actors.act(task);
  store(network.step({ view: 1 }));
}
// One more that waits for its draw, so that the agenda is not empty.
actors.send();
store(network.step());
const leaves = () => [...stored].map(([key, value]) => ({ key, value }));

describe("a state", () => {
  test("is built again from what its changes left in a store, agenda and all", () => {
    const restored = State.fromLeaves(leaves());
    expect(restored.root()).toBe(network.state.root());
    expect(restored.drawsPending).toBe(true);
    expect([...restored.nodes()].map(({ nodeId }) => nodeId).sort()).toEqual(
      network.members.map(({ nodeId }) => nodeId).sort(),
    );
    expect([...restored.expired(Number.MAX_SAFE_INTEGER)]).toEqual([
      ...network.state.expired(Number.MAX_SAFE_INTEGER),
    ]);
    expect([...restored.awaitingDraw(1_000)].map((task) => task.orderId)).toEqual([
      ...[...network.state.awaitingDraw(1_000)].map((task) => task.orderId),
    ]);
  });

  test("goes on from there as if it had never stopped", () => {
    const going = new TestNetwork({ members: 6 });
    going.state = State.fromLeaves(leaves());
    going.header = network.header;
    going.lastCommit = network.lastCommit;
    const block = network.propose();
    if (!block.ok) throw new Error(block.refusal.reason);
    expect(going.check(block.block)).toMatchObject({ ok: true });
  });

  test("refuses a leaf that is no record, or lies under the key of another", () => {
    const [first, second] = leaves() as [ReturnType<typeof leaves>[number], never];
    const corrupt = { ...first, value: first.value.with(0, 99) };
    expect(() => State.fromLeaves([corrupt])).toThrow(/unknown tag 99/);
    const moved = { key: (second as typeof first).key, value: first.value };
    expect(() => State.fromLeaves([moved])).toThrow(/of another key/);
    expect(() => State.fromLeaves([{ ...first, value: first.value.slice(0, -1) }])).toThrow();
  });

  test("proves a task's record under its root, and that there is no other task", () => {
    const task = network.state.task(orderId);
    if (!task) throw new Error("no task");
    const root = network.state.root();
    const key = keyOf("task", orderId);
    const proof = network.state.prove("task", orderId);
    expect(verifyStateProof(root, key, taskRecord.encode(task), proof)).toBe(true);
    const none = "ab".repeat(32) as OrderId;
    const absent = network.state.prove("task", none);
    expect(verifyStateProof(root, keyOf("task", none), null, absent)).toBe(true);
  });

  test("is never changed by a block that is built on it", () => {
    const root = network.state.root();
    const tasks = network.state.task(orderId);
    network.propose();
    network.propose({ view: 2 });
    expect(network.state.root()).toBe(root);
    expect(network.state.task(orderId)).toBe(tasks);
  });

  test("has no account for a name that it does not know", () => {
    expect(network.state.account("nobody" as NodeId)).toBeUndefined();
  });
});
