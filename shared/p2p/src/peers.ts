import type { Connection, Stream } from "@libp2p/interface";
import { peerIdFromString } from "@libp2p/peer-id";
import type { NodeId, PeerId } from "@meshwork/foundation";
import type { NodeRecord } from "@meshwork/protocol";
import { ConnectionTable, type PeerWatcher } from "./connection-table.ts";
import { dialRecord } from "./dial.ts";
import { P2pError } from "./errors.ts";
import { pause, resume } from "./frames.ts";
import { createGreeter, type GreeterParts } from "./greeter.ts";

/** Nodes by their NodeIds: who is connected, how to reach another, and streams to them. */
export interface Peers {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when a connection with a finished hello stands. `PEER_NOT_FOUND`, `PEER_UNREACHABLE`. */
  connect(nodeId: NodeId, signal?: AbortSignal): Promise<NodeRecord>;
  /** The same for a peer of which only an address is known, as a relay. */
  greet(connection: Connection): Promise<NodeRecord>;
  connected(): NodeId[];
  /** The node behind a connected PeerId, once its hello is done; rejects when it fails. */
  whoIs(peerId: PeerId): Promise<NodeId>;
  /** Opens a stream of one of our protocols, connecting first where needed. */
  openStream(nodeId: NodeId, protocol: string, signal?: AbortSignal): Promise<Stream>;
  /** Serves a protocol, for peers with a finished hello alone; `PEER_BLACKLISTED` for those who are. */
  serve(
    protocol: string,
    onStream: (nodeId: NodeId, stream: Stream) => void,
    options?: ServeOptions,
  ): Promise<void>;
  /** Ends all connections with a node that misbehaved. */
  drop(nodeId: NodeId, reason: Error): void;
  watch(watcher: PeerWatcher): () => void;
}

export interface ServeOptions {
  /** Also for identities that the ledger has barred: who is to learn of it must be told. @default false */
  admitsBlacklisted?: boolean;
}

export interface PeersParts extends Omit<GreeterParts, "table"> {
  /** The newest checked record of a node that the DHT knows. */
  ask: (nodeId: NodeId, signal?: AbortSignal) => Promise<NodeRecord | undefined>;
}

/** Streams of one protocol that one connection may have open at once, each way. */
const STREAMS_PER_PROTOCOL = 8;

export function createPeers(parts: PeersParts): Peers {
  const { host, book } = parts;
  const table = new ConnectionTable();
  const greeter = createGreeter({ ...parts, table });

  const connect = async (nodeId: NodeId, signal?: AbortSignal): Promise<Connection> => {
    const known = table.best(nodeId);
    if (known) return known;
    const connection = await dialAnew(nodeId, book.of(nodeId), signal);
    await greeter.recordOf(connection);
    return connection;
  };

  /** By the record that is known here; if the node has moved since, by the DHT's newer one. */
  const dialAnew = async (nodeId: NodeId, known: NodeRecord | undefined, signal?: AbortSignal) => {
    let failure: unknown = notFound(nodeId);
    try {
      if (known) return await dialRecord(parts, known, signal);
    } catch (error) {
      failure = error;
    }
    const newer = await parts.ask(nodeId, signal);
    if (newer === undefined || newer.unsigned.seq === known?.unsigned.seq) throw failure;
    return dialRecord(parts, newer, signal);
  };

  return {
    start: greeter.start,
    stop: greeter.stop,
    connect: async (nodeId, signal) => greeter.recordOf(await connect(nodeId, signal)),
    greet: greeter.recordOf,
    connected: () => table.nodes(),
    async whoIs(peerId) {
      const known = book.ofPeer(peerId)?.unsigned.nodeId;
      if (known && table.best(known)) return known;
      const hellos = host.getConnections(peerIdFromString(peerId)).map(greeter.recordOf);
      return (await Promise.any(hellos)).unsigned.nodeId;
    },
    async openStream(nodeId, protocol, signal) {
      const connection = await connect(nodeId, signal);
      return connection.newStream(protocol, {
        ...(signal ? { signal } : {}),
        maxOutboundStreams: STREAMS_PER_PROTOCOL,
        runOnLimitedConnection: true,
      });
    },
    serve(protocol, onStream, { admitsBlacklisted = false } = {}) {
      const options = { maxInboundStreams: STREAMS_PER_PROTOCOL, runOnLimitedConnection: true };
      const admit = (nodeId: NodeId, stream: Stream) => {
        if (!admitsBlacklisted && parts.admission.isBlacklisted(nodeId)) throw blacklisted(nodeId);
        onStream(nodeId, stream);
      };
      return host.handle(protocol, guarded(greeter.recordOf, admit), options);
    },
    drop(nodeId, reason) {
      for (const connection of table.all(nodeId)) connection.abort(reason);
    },
    watch: (watcher) => table.watch(watcher),
  };
}

/** Until the hello is done a stream may fill one window, no more; without a hello it is reset. */
function guarded(
  recordOf: (connection: Connection) => Promise<NodeRecord>,
  onStream: (nodeId: NodeId, stream: Stream) => void,
) {
  return async (stream: Stream, connection: Connection) => {
    pause(stream);
    try {
      const record = await recordOf(connection);
      onStream(record.unsigned.nodeId, stream);
      resume(stream);
    } catch (error) {
      stream.abort(error as Error);
    }
  };
}

const blacklisted = (nodeId: NodeId) =>
  new P2pError("PEER_BLACKLISTED", `the ledger has barred ${nodeId} for good`, {
    detail: { nodeId },
  });

const notFound = (nodeId: NodeId) =>
  new P2pError("PEER_NOT_FOUND", `no record of ${nodeId} is known here or in the DHT`, {
    detail: { nodeId },
  });
