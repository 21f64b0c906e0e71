import { limits, type NodeId } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { silentLog } from "@meshwork/observability";
import { streamNames } from "@meshwork/protocol";
import { expect, test } from "vitest";
import { PeerSlots, totalByStanding } from "./peer-slots.ts";
import { serveSync } from "./sync/serve-sync.ts";
import { MemoryNetwork } from "./testing/memory-network.ts";
import { serveConsensus } from "./voting/serve-consensus.ts";

const { state, members } = new TestNetwork({ members: 6 });
const idOf = (i: number) => members[i]?.nodeId as NodeId;
const seats = state.committee.seats.map(({ node }) => node);
const [seat] = seats as [NodeId];
const node = [0, 1, 2, 3, 4, 5].map(idOf).find((id) => !seats.includes(id)) as NodeId;
const stranger = (i: number) => `${i}`.padEnd(44, "S") as NodeId;

test("a peer has a few slots, and gives each back once it is done", () => {
  const slots = new PeerSlots({ total: 3, perPeer: 2 });
  const releases = [slots.take(seat), slots.take(seat)];
  expect(slots.take(seat)).toBeNull();
  expect(slots.take(node)).not.toBeNull();
  expect(slots.take(stranger(0))).toBeNull();
  releases[0]?.();
  expect(slots.take(stranger(0))).not.toBeNull();
});

test("strangers leave half of the slots to nodes, and these a quarter to the committee", () => {
  const slots = new PeerSlots({
    ...{ total: 8, perPeer: 8 },
    totalFor: (peer) => totalByStanding(8, state, peer),
  });
  const takeAll = (peer: NodeId) => {
    let taken = 0;
    while (slots.take(peer)) taken++;
    return taken;
  };
  expect([stranger(0), stranger(1), node, stranger(2), seat].map(takeAll)).toEqual([4, 0, 2, 0, 2]);
});

const head = { height: 0, header: {}, certificate: null, state } as never;
const never = new Promise<never>(() => {});
const servers = {
  [streamNames.sync]: (net: MemoryNetwork, me: NodeId) =>
    serveSync({
      chain: {
        ...{ head, base: 0, waitFor: () => never },
        ...{ encodedBlockAt: () => never, handOvers: () => never },
      },
      channels: net.channels(me),
      log: silentLog,
    }),
  [streamNames.consensus]: (net: MemoryNetwork, me: NodeId) =>
    serveConsensus({
      chain: { head },
      channels: net.channels(me),
      links: { accept: () => {} },
      onFrame: () => {},
      log: silentLog,
    }),
};

test.each(Object.entries(servers))(
  "on %s a crowd of strangers keeps out neither a node nor a seat",
  async (name, serve) => {
    const net = new MemoryNetwork();
    const me = "me".padEnd(44, "x") as NodeId;
    await serve(net, me);
    const isOpen = async (peer: NodeId) => {
      const channel = await net.channels(peer).open(me, name);
      const turns = new Promise((resolve) => setTimeout(resolve, 20)).then(() => "open");
      return (await Promise.race([channel.closed, turns])) === "open";
    };
    for (let i = 0; i < limits.consensusChannels; i++)
      await net.channels(stranger(i)).open(me, name);
    expect(await isOpen(stranger(limits.consensusChannels))).toBe(false);
    expect(await Promise.all([node, seat].map(isOpen))).toEqual([true, true]);
  },
);
