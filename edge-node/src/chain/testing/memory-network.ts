import type { NodeId } from "@meshwork/foundation";
import type { Channel, Channels, KeptChannel } from "../channel.ts";
import { channelPair } from "./channel-pair.ts";

/** Nodes of one process, joined by channels in memory. A cut node is away until it is mended. */
export class MemoryNetwork {
  readonly #doors = new Map<string, (channel: Channel) => void>();
  readonly #open = new Set<{ ends: readonly [NodeId, NodeId]; channel: Channel }>();
  readonly #cut = new Set<NodeId>();
  /** Sees every frame that a node sends on a channel that it opened itself. */
  onFrame: (from: NodeId, protocol: string, frame: Uint8Array) => void = () => {};

  channels(me: NodeId): Channels {
    return {
      open: async (peer, protocol) => this.#connect(me, peer, protocol),
      serve: async (protocol, onChannel) => {
        this.#doors.set(`${me} ${protocol}`, onChannel);
      },
      keep: (peer, protocol, options) => keepOpen(() => this.#connect(me, peer, protocol), options),
    };
  }

  /** Ends every channel of the node, and lets it open none. */
  cut(node: NodeId): void {
    this.#cut.add(node);
    for (const { ends, channel } of this.#open)
      if (ends.includes(node)) channel.abort(new Error("the network is cut"));
  }

  mend(node: NodeId): void {
    this.#cut.delete(node);
  }

  /** As when its process ends. */
  remove(node: NodeId): void {
    this.cut(node);
    this.mend(node);
    for (const key of this.#doors.keys()) if (key.startsWith(node)) this.#doors.delete(key);
  }

  #connect(me: NodeId, peer: NodeId, protocol: string): Channel {
    const door = this.#doors.get(`${peer} ${protocol}`);
    if (!door || this.#cut.has(me) || this.#cut.has(peer))
      throw new Error(`${peer} is unreachable`);
    const [near, far] = channelPair(me, peer);
    const entry = { ends: [me, peer] as const, channel: near };
    this.#open.add(entry);
    near.closed.then(() => this.#open.delete(entry));
    door(far);
    const seen = (frame: Uint8Array) => this.onFrame(me, protocol, frame);
    return {
      ...near,
      send(frame) {
        seen(frame);
        return near.send(frame);
      },
      trySend(frame) {
        seen(frame);
        return near.trySend(frame);
      },
    };
  }
}

const RETRY_MS = 20;

function keepOpen(connect: () => Channel, options: Parameters<Channels["keep"]>[2]): KeptChannel {
  let channel: Channel | null = null;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;
  const again = () => {
    if (!stopped) retry = setTimeout(open, RETRY_MS);
  };
  const open = async () => {
    try {
      const opened = connect();
      channel = opened;
      options.onUp?.();
      for await (const frame of opened) await options.onFrame?.(frame);
    } catch (error) {
      channel?.abort(error as Error);
    }
    channel = null;
    again();
  };
  setImmediate(open);
  return {
    trySend: (frame) => channel?.trySend(frame) ?? false,
    stop() {
      stopped = true;
      clearTimeout(retry);
      channel?.abort(new Error("kept no longer"));
    },
  };
}
