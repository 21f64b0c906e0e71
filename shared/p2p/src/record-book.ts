import { type Clock, limits, type NodeId, type PeerId } from "@meshwork/foundation";
import type { NodeRecord } from "@meshwork/protocol";

/** The newest checked record of each node that this one has heard of, and who bears which PeerId. */
export interface RecordBook {
  /** False when a newer one is here already: the caller's is out of date. */
  put(record: NodeRecord): boolean;
  /** Undefined when unknown or expired. */
  of(nodeId: NodeId): NodeRecord | undefined;
  ofPeer(peerId: PeerId): NodeRecord | undefined;
  readonly size: number;
}

/** @param options.capacity the longest unused is forgotten. @default limits.nodeRecordsKept */
export function createRecordBook(
  parts: { clock: Clock },
  options: { capacity?: number } = {},
): RecordBook {
  const capacity = options.capacity ?? limits.nodeRecordsKept;
  const byNode = new Map<NodeId, NodeRecord>();
  const byPeer = new Map<PeerId, NodeId>();

  const forget = (record: NodeRecord) => {
    const { nodeId, peerId } = record.unsigned;
    byNode.delete(nodeId);
    if (byPeer.get(peerId) === nodeId) byPeer.delete(peerId);
  };
  const of = (nodeId: NodeId) => {
    const record = byNode.get(nodeId);
    if (record === undefined) return undefined;
    if (record.unsigned.expiry + limits.clockSkewMs < parts.clock.now()) {
      forget(record);
      return undefined;
    }
    // A Map keeps insertion order: what was used last goes last.
    byNode.delete(nodeId);
    byNode.set(nodeId, record);
    return record;
  };
  return {
    put(record) {
      const { nodeId, peerId, seq } = record.unsigned;
      const known = byNode.get(nodeId);
      if (known && known.unsigned.seq > seq) return false;
      if (known) forget(known);
      byNode.set(nodeId, record);
      byPeer.set(peerId, nodeId);
      for (const oldest of byNode.values()) {
        if (byNode.size <= capacity) break;
        forget(oldest);
      }
      return true;
    },
    of,
    ofPeer(peerId) {
      const nodeId = byPeer.get(peerId);
      return nodeId === undefined ? undefined : of(nodeId);
    },
    get size() {
      return byNode.size;
    },
  };
}
