import type { Connection } from "@libp2p/interface";
import type { NodeId } from "@meshwork/foundation";

export type PeerWatcher = (nodeId: NodeId, change: "joined" | "left") => void;

/** The open connections whose hello is done, by node. Two nodes that dial each other have two. */
export class ConnectionTable {
  readonly #open = new Map<NodeId, Set<Connection>>();
  readonly #watchers = new Set<PeerWatcher>();

  add(nodeId: NodeId, connection: Connection): void {
    if (connection.status !== "open") return;
    const connections = this.#open.get(nodeId) ?? new Set();
    this.#open.set(nodeId, connections.add(connection));
    connection.addEventListener("close", () => this.#remove(nodeId, connection));
    if (connections.size === 1) this.#tell(nodeId, "joined");
  }

  #remove(nodeId: NodeId, connection: Connection): void {
    const connections = this.#open.get(nodeId);
    if (!connections?.delete(connection) || connections.size > 0) return;
    this.#open.delete(nodeId);
    this.#tell(nodeId, "left");
  }

  /** Direct before relayed; undefined when there is none. */
  best(nodeId: NodeId): Connection | undefined {
    const usable = this.all(nodeId).filter(({ status }) => status === "open");
    return usable.find(({ direct }) => direct) ?? usable[0];
  }

  all(nodeId: NodeId): Connection[] {
    return [...(this.#open.get(nodeId) ?? [])];
  }

  nodes(): NodeId[] {
    return [...this.#open.keys()];
  }

  /** Calls back at a node's first connection and after its last; the result ends that. */
  watch(watcher: PeerWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #tell(nodeId: NodeId, change: "joined" | "left"): void {
    for (const watcher of this.#watchers) watcher(nodeId, change);
  }
}
