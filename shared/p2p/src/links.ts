import { type Clock, codeOf, type NodeId, sleep } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { streamNames } from "@meshwork/protocol";
import type { Channel, Channels } from "./channels.ts";

/** One long-lived `messages` channel to each peer with which there is something to say. */
export interface Links {
  start(): Promise<void>;
  stop(): void;
  /** Connects where needed. Rejects as `Channels.open` does. */
  ready(nodeId: NodeId): Promise<unknown>;
  /** Rejects as `Channels.open` and `FrameStream.send` do. */
  send(nodeId: NodeId, frame: Uint8Array): Promise<void>;
  /** The peer should have answered by now: a link on which nothing came lately is given up. */
  doubt(nodeId: NodeId): void;
}

export interface LinksParts {
  channels: Channels;
  clock: Clock;
  log: Log;
  /** Awaited: while it runs the peer cannot send more than one window. */
  onFrame: (nodeId: NodeId, frame: Uint8Array) => Promise<void>;
  /** A link stands anew: what is under way to the peer may go again. */
  onUp: (nodeId: NodeId) => void;
  /** The link was silent though the peer was asked: its connection is likely dead too. */
  onDead: (nodeId: NodeId) => void;
}

const SILENCE_MS = 5_000;

interface Link {
  readonly channel: Channel;
  heardAt: number;
}

export function createLinks(parts: LinksParts): Links {
  const { channels, clock } = parts;
  const links = new Map<NodeId, Link>();
  const opening = new Map<NodeId, Promise<Link>>();

  const adopt = (channel: Channel): Link => {
    const link = { channel, heardAt: clock.monotonic() };
    links.set(channel.nodeId, link);
    read(link).finally(() => {
      if (links.get(channel.nodeId) === link) links.delete(channel.nodeId);
    });
    return link;
  };

  const read = async (link: Link) => {
    const { channel } = link;
    try {
      for await (const frame of channel) {
        link.heardAt = clock.monotonic();
        await parts.onFrame(channel.nodeId, frame);
      }
      await channel.close();
    } catch (error) {
      parts.log.debug("link broke", { nodeId: channel.nodeId, code: codeOf(error) });
      channel.abort(error as Error);
    }
  };

  const open = (nodeId: NodeId): Promise<Link> => {
    const known = opening.get(nodeId);
    if (known) return known;
    const link = channels.open(nodeId, streamNames.messages).then(adopt);
    opening.set(nodeId, link);
    link.then(() => parts.onUp(nodeId)).catch(() => {});
    link.finally(() => opening.delete(nodeId)).catch(() => {});
    return link;
  };

  return {
    start: () =>
      channels.serve(streamNames.messages, (channel) => {
        adopt(channel);
        parts.onUp(channel.nodeId);
      }),
    stop() {
      for (const { channel } of links.values()) closeSoon(clock, channel);
    },
    ready: async (nodeId) => links.get(nodeId) ?? open(nodeId),
    async send(nodeId, frame) {
      const { channel } = links.get(nodeId) ?? (await open(nodeId));
      await channel.send(frame);
    },
    doubt(nodeId) {
      const link = links.get(nodeId);
      if (link === undefined || clock.monotonic() - link.heardAt < SILENCE_MS) return;
      links.delete(nodeId);
      link.channel.abort(new Error(`nothing came from ${nodeId} for ${SILENCE_MS} ms`));
      parts.onDead(nodeId);
    },
  };
}

function closeSoon(clock: Clock, channel: Channel): void {
  const abort = () => channel.abort(new Error("this node stops"));
  channel
    .close()
    .then(() => sleep(clock, 100), abort)
    .then(abort);
}
