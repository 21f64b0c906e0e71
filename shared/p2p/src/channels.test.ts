import { expect, test } from "vitest";
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
