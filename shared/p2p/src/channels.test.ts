import { expect, test, vi } from "vitest";
import type { Channel } from "./channels.ts";
import { introduce, TestNodes } from "./testing/test-nodes.ts";

const PROTOCOL = "/meshwork/test/1";

test("frames travel both ways, in order, over a channel that knows the peer's NodeId", async () => {
  await using nodes = new TestNodes();
  const [alice, bob] = [await nodes.start(), await nodes.start()];
  introduce(alice, bob);
  await bob.channels.serve(PROTOCOL, async (channel: Channel) => {
    expect(channel.nodeId).toBe(alice.nodeId);
    for await (const frame of channel) await channel.send(Uint8Array.of(...frame, 9));
    await channel.close();
  });
  const channel = await alice.channels.open(bob.nodeId, PROTOCOL);
  for (let i = 0; i < 100; i++) await channel.send(Uint8Array.of(i));
  await channel.close();
  const answers: number[][] = [];
  for await (const frame of channel) answers.push([...frame]);
  expect(answers).toEqual(Array.from({ length: 100 }, (_, i) => [i, 9]));
  expect(await channel.closed).toBeNull();
});

test("a reader that lags holds the sender back; nothing is lost, and little is buffered", async () => {
  await using nodes = new TestNodes();
  const [alice, bob] = [await nodes.start(), await nodes.start()];
  introduce(alice, bob);
  const { promise: opened, resolve } = Promise.withResolvers<Channel>();
  await bob.channels.serve(PROTOCOL, resolve);
  const channel = await alice.channels.open(bob.nodeId, PROTOCOL);
  const frame = new Uint8Array(256 << 10);
  let taken = 0;
  const sending = (async () => {
    for (let i = 0; i < 100; i++) {
      await channel.send(frame);
      taken += 1;
    }
    await channel.close();
  })();
  const reader = await opened;
  await new Promise((r) => setTimeout(r, 500));
  expect(taken).toBeLessThan(60);
  expect(channel.trySend(new Uint8Array(1 << 20))).toBe(true);
  let received = 0;
  for await (const { length } of reader) received += length === frame.length ? 1 : 0;
  await sending;
  expect(received).toBe(100);
});

test("a frame over the limit is refused here, and ends the channel of a peer that sends it anyway", async () => {
  await using nodes = new TestNodes();
  const [alice, bob] = [await nodes.start(), await nodes.start()];
  introduce(alice, bob);
  const { promise: opened, resolve } = Promise.withResolvers<Channel>();
  await bob.channels.serve(PROTOCOL, resolve, { maxFrameBytes: 10 });
  const channel = await alice.channels.open(bob.nodeId, PROTOCOL, { maxFrameBytes: 20 });
  await expect(channel.send(new Uint8Array(21))).rejects.toMatchObject({ code: "FRAME_TOO_LARGE" });
  await channel.send(new Uint8Array(11));
  const frames = (await opened)[Symbol.asyncIterator]();
  await expect(frames.next()).rejects.toMatchObject({ code: "FRAME_TOO_LARGE" });
  expect(await channel.closed).not.toBeNull();
});

test("a kept channel comes back by itself after the line broke, and drops frames meanwhile", async () => {
  await using nodes = new TestNodes();
  const [alice, bob] = [await nodes.start(), await nodes.start()];
  introduce(alice, bob);
  const received: number[] = [];
  await bob.channels.serve(PROTOCOL, async (channel) => {
    for await (const [value = -1] of channel) received.push(value);
  });
  const changes: string[] = [];
  const kept = alice.channels.keep(bob.nodeId, PROTOCOL, {
    onUp: () => changes.push("up"),
    onDown: () => changes.push("down"),
  });
  await vi.waitFor(() => expect(kept.up).toBe(true));
  expect(kept.trySend(Uint8Array.of(1))).toBe(true);
  await vi.waitFor(() => expect(received).toEqual([1]));
  for (const connection of bob.host.getConnections()) connection.abort(new Error("the line broke"));
  await vi.waitFor(() => expect(kept.up).toBe(false));
  expect(kept.trySend(Uint8Array.of(2))).toBe(false);
  await vi.waitFor(() => expect(kept.up).toBe(true), 5_000);
  kept.trySend(Uint8Array.of(3));
  await vi.waitFor(() => expect(received).toEqual([1, 3]));
  expect(changes).toEqual(["up", "down", "up"]);
  kept.stop();
});
