import type { NodeId } from "@meshwork/foundation";

/** Framed bytes to and from one node, in order: what p2p gives, and a test can make in memory. */
export interface Channel extends AsyncIterable<Uint8Array> {
  /** The node at the other end, as the hello proved it. */
  readonly nodeId: NodeId;
  /** Awaiting it is the back-pressure. Rejects when the channel is closed or too much waits. */
  send(frame: Uint8Array): Promise<void>;
  /** False, and the frame is dropped, when the peer is too slow or gone. */
  trySend(frame: Uint8Array): boolean;
  /** Nothing more will be sent; reading goes on. */
  close(): Promise<void>;
  /** Ends both directions at once. */
  abort(reason: Error): void;
  /** Resolves once nothing can be sent any more. */
  readonly closed: Promise<Error | null>;
}

export type OpenChannel = (peer: NodeId, signal?: AbortSignal) => Promise<Channel>;

/** A channel that comes back by itself; frames are lost while it is away. */
export interface KeptChannel {
  trySend(frame: Uint8Array): boolean;
  stop(): void;
}

interface FrameLimit {
  maxFrameBytes?: number;
}

/** The part of p2p's `Channels` that the chain needs. */
export interface Channels {
  open(
    nodeId: NodeId,
    protocol: string,
    options?: FrameLimit & { signal?: AbortSignal },
  ): Promise<Channel>;
  serve(
    protocol: string,
    onChannel: (channel: Channel) => void,
    /** With `admitsBlacklisted` also for identities that the ledger has barred. */
    options?: FrameLimit & { admitsBlacklisted?: boolean },
  ): Promise<void>;
  keep(
    nodeId: NodeId,
    protocol: string,
    options: FrameLimit & {
      /** Frames that the peer sends back. Throwing ends the channel. */
      onFrame?: (frame: Uint8Array) => void | Promise<void>;
      onUp?: () => void;
    },
  ): KeptChannel;
}
