import { type Clock, codeOf, type NodeId, sleep } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { P2pError } from "./errors.ts";
import { type FrameOptions, type FrameStream, framesOver } from "./frames.ts";
import type { Peers, ServeOptions } from "./peers.ts";

/** Frames to and from one node, which the hello has named: no signature each, no envelope. */
export interface Channel extends FrameStream {
  readonly nodeId: NodeId;
}

/** A channel that comes back by itself. Frames are lost while it is away: callers repeat what matters. */
export interface KeptChannel {
  /** False, and the frame is dropped, while the channel is away or the peer too slow. */
  trySend(frame: Uint8Array): boolean;
  readonly up: boolean;
  stop(): void;
}

export interface Channels {
  /** For consensus, sync and blobs. Errors as `Peers.connect`. */
  open(nodeId: NodeId, protocol: string, options?: OpenOptions): Promise<Channel>;
  /** Takes what others open; `onChannel` owns the channel. */
  serve(
    protocol: string,
    onChannel: (channel: Channel) => void,
    options?: FrameOptions & ServeOptions,
  ): Promise<void>;
  /** One live channel to a node, opened again with back-off for as long as it is kept. */
  keep(nodeId: NodeId, protocol: string, options: KeepOptions): KeptChannel;
}

export interface OpenOptions extends FrameOptions {
  signal?: AbortSignal;
}

export interface KeepOptions extends FrameOptions {
  /** Frames that the peer sends back on this channel. Awaited: a slow reader slows the peer. */
  onFrame?: (frame: Uint8Array) => void | Promise<void>;
  onUp?: () => void;
  onDown?: (reason: Error | null) => void;
}

/** Quick at first, for a peer that just (re)starts; then gentle to one that is gone. */
const FIRST_RETRY_MS = 100;
const QUICK_RETRY_MS = 1_000;
const QUICK_RETRIES = 30;
const LAST_RETRY_MS = 5_000;

export function createChannels(parts: { peers: Peers; clock: Clock; log: Log }): Channels {
  const { peers } = parts;
  const open: Channels["open"] = async (nodeId, protocol, { signal, ...options } = {}) => {
    const stream = await peers.openStream(nodeId, protocol, signal);
    return { nodeId, ...framesOver(stream, options) };
  };
  return {
    open,
    serve: (protocol, onChannel, options = {}) =>
      peers.serve(
        protocol,
        (nodeId, stream) => onChannel({ nodeId, ...framesOver(stream, options) }),
        options,
      ),
    keep: (nodeId, protocol, options) =>
      keepChannel(parts, (signal) => open(nodeId, protocol, { ...options, signal }), {
        ...options,
        nodeId,
        protocol,
      }),
  };
}

function keepChannel(
  parts: { peers: Pick<Peers, "watch">; clock: Clock; log: Log },
  open: (signal: AbortSignal) => Promise<Channel>,
  options: KeepOptions & { nodeId: NodeId; protocol: string },
): KeptChannel {
  const { nodeId, protocol } = options;
  const controller = new AbortController();
  const { signal } = controller;
  let channel: Channel | undefined;

  /** One life of the channel; returns when it is over. */
  const live = async (): Promise<Error | null> => {
    const opened = await open(signal);
    channel = opened;
    options.onUp?.();
    try {
      for await (const frame of opened) await options.onFrame?.(frame);
    } catch (error) {
      opened.abort(error as Error);
    }
    channel = undefined;
    const reason = await finishChannel(parts.clock, opened, closedByPeer());
    options.onDown?.(reason);
    return reason;
  };

  /** Until the next attempt is due, or the peer is seen to be here. */
  const pause = async (retryMs: number) => {
    const seen = new AbortController();
    const unwatch = parts.peers.watch((who, change) => {
      if (who === nodeId && change === "joined") seen.abort();
    });
    await sleep(parts.clock, retryMs, AbortSignal.any([signal, seen.signal])).catch(() => {});
    unwatch();
  };

  const run = async () => {
    let retryMs = FIRST_RETRY_MS;
    for (let failed = 0; !signal.aborted; failed++) {
      const since = parts.clock.monotonic();
      const reason = await live().catch((error: Error) => error);
      if (signal.aborted) return;
      parts.log.debug("channel is down", { nodeId, protocol, code: codeOf(reason), retryMs });
      const lived = parts.clock.monotonic() - since > LAST_RETRY_MS;
      if (lived) failed = 0;
      const longest = failed < QUICK_RETRIES ? QUICK_RETRY_MS : LAST_RETRY_MS;
      retryMs = lived ? FIRST_RETRY_MS : Math.min(2 * retryMs, longest);
      await pause(retryMs);
    }
  };
  run().catch((error) => parts.log.error("channel supervisor failed", { error }));

  return {
    trySend: (frame) => channel?.trySend(frame) ?? false,
    get up() {
      return channel !== undefined;
    },
    stop() {
      controller.abort(new P2pError("STOPPED", `the channel to ${nodeId} is kept no longer`));
      if (channel) finishChannel(parts.clock, channel, signal.reason);
    },
  };
}

/** Lets the last frames out, then gives the peer a moment to end its half too. */
async function finishChannel(clock: Clock, channel: Channel, reason: Error): Promise<Error | null> {
  await channel.close().catch(() => {});
  const late = sleep(clock, FINISH_MS).then(() => channel.abort(reason));
  return Promise.race([channel.closed, late.then(() => null)]);
}
const FINISH_MS = 500;

const closedByPeer = () => new P2pError("CHANNEL_CLOSED", "the peer ended the channel");
