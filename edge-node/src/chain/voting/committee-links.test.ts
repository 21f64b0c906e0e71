import type { NodeId } from "@meshwork/foundation";
import { streamNames } from "@meshwork/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../channel.ts";
import { MemoryNetwork } from "../testing/memory-network.ts";
import { CommitteeLinks } from "./committee-links.ts";

const [a, b, c] = ["A", "B", "C"].map((name) => name.repeat(44) as NodeId) as [
  NodeId,
  NodeId,
  NodeId,
];
let net: MemoryNetwork;
let heard: string[];
const all: CommitteeLinks[] = [];

/** A node that listens, unless it cannot be dialled, and links to the members. */
async function node(me: NodeId, options: { canBeDialled: boolean } = { canBeDialled: true }) {
  const channels = net.channels(me);
  const onFrame = (from: NodeId, frame: Uint8Array) =>
    void heard.push(`${from[0]}>${me[0]} ${new TextDecoder().decode(frame)}`);
  const links = new CommitteeLinks({ me, channels, onFrame, onUp: () => {} });
  all.push(links);
  const listen = async (channel: Channel) => {
    links.accept(channel);
    for await (const frame of channel) onFrame(channel.nodeId, frame);
  };
  if (options.canBeDialled)
    await channels.serve(streamNames.consensus, (channel) => void listen(channel).catch(() => {}));
  links.update([a, b, c]);
  return links;
}
const say = (links: CommitteeLinks, text: string) =>
  links.broadcast(new TextEncoder().encode(text));
const linked = () => new Promise((resolve) => setTimeout(resolve, 60));

beforeEach(() => {
  [net, heard] = [new MemoryNetwork(), []];
});
afterEach(() => {
  for (const links of all.splice(0)) links.stop();
});

describe("links to the committee", () => {
  test("reach every other member, and not oneself", async () => {
    const links = [await node(a), await node(b), await node(c)];
    await linked();
    for (const each of links) say(each, "hello");
    await expect
      .poll(() => heard.toSorted())
      .toEqual([...["A>B hello", "A>C hello", "B>A hello", "B>C hello", "C>A hello", "C>B hello"]]);
  });

  test("use the channel that came in where this node's own cannot be opened", async () => {
    const [links, behindNat] = [await node(a), await node(b, { canBeDialled: false })];
    await linked();
    say(links, "to the hidden one");
    say(behindNat, "from the hidden one");
    await expect
      .poll(() => heard)
      .toEqual(["B>A from the hidden one", "A>B to the hidden one"].sort());
  });

  test("end with the member's seat", async () => {
    const [links] = [await node(a), await node(b), await node(c)];
    await linked();
    links.update([a, c]);
    say(links, "members only");
    await expect.poll(() => heard).toEqual(["A>C members only"]);
  });
});
