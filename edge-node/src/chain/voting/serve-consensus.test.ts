import { limits, type NodeId } from "@meshwork/foundation";
import { TestNetwork, testOrder } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { type ConsensusMessage, consensusMessageWire, streamNames } from "@meshwork/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import type { Channel } from "../channel.ts";
import { MemoryNetwork } from "../testing/memory-network.ts";
import { consensusReader, serveConsensus } from "./serve-consensus.ts";

const [me, peer] = ["me", "peer"].map((name) => name.padEnd(44, "x") as NodeId) as [NodeId, NodeId];
const network = new TestNetwork();
const order = testOrder(network.requester.nodeId);
const transaction = network.sign(network.requester, { kind: "submit", order });
const status: ConsensusMessage = { kind: "status", height: 1, view: 0, certified: -1 };

let heard: [NodeId, string][];
let net: MemoryNetwork;
beforeEach(async () => {
  heard = [];
  net = new MemoryNetwork();
  await serveConsensus({
    chain: { head: { state: network.state } as never },
    channels: net.channels(me),
    links: { accept: () => {} },
    onFrame: consensusReader({
      intake: {
        receive: (from, transactions) => heard.push([from, `${transactions.length} to pool`]),
      },
      onMessage: (from, { kind }) => heard.push([from, kind]),
    }),
    log: silentLog,
  });
});
const open = (): Promise<Channel> => net.channels(peer).open(me, streamNames.consensus);
const say = (channel: Channel, message: ConsensusMessage) =>
  channel.send(consensusMessageWire.encode(message));

describe("a channel for consensus", () => {
  test("brings transactions to the pool and all else to the replica, from whom the channel proves", async () => {
    const channel = await open();
    await say(channel, { kind: "transactions", transactions: [transaction] });
    await say(channel, status);
    await expect
      .poll(() => heard)
      .toEqual([
        [peer, "1 to pool"],
        [peer, "status"],
      ]);
  });

  test("ends at the first frame that is no message", async () => {
    const channel = await open();
    await channel.send(new Uint8Array([0xff, 0x00]));
    await say(channel, status);
    await channel.closed;
    expect(heard).toEqual([]);
  });

  test("is one of a few for each peer, and a closed one makes room", async () => {
    const channels = await Promise.all(
      Array.from({ length: limits.consensusChannelsPerPeer }, open),
    );
    await (await open()).closed;
    channels[0]?.abort(new Error("enough"));
    await new Promise((resolve) => setTimeout(resolve, 20));
    const again = await open();
    await say(again, status);
    await expect.poll(() => heard).toEqual([[peer, "status"]]);
    await (await open()).closed;
  });
});
