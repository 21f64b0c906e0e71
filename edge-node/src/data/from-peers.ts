import {
  BoundedMap,
  type ContentId,
  codeOf,
  limits,
  type NodeId,
  sleep,
} from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { getFrom, type PeerParts } from "./peer-transfer.ts";

/** A source that did not give what it was asked for. */
export interface Failure {
  peer?: NodeId;
  code: string;
}

export interface Wanted {
  hints: readonly NodeId[];
  maxBytes: number;
  /** How often those are asked who may have it, but cannot give it now. @default 3 */
  rounds?: number;
  signal?: AbortSignal;
}

const ROUNDS = 3;
const RETRY_MS = 250;
/** Asking the same peer again would give the same answer. */
const FINAL = new Set(["BLOB_MISSING", "BLOB_TOO_LARGE", "BLOB_HASH_MISMATCH"]);

/** Who gave nothing is asked after the others for so long: of a file, he may have all chunks or none. */
const IDLE_MS = 5_000;

/** Asks one peer after the other, best first, until one gives the very content. */
export function askPeers(parts: PeerParts & { log: Log }) {
  /** Peers that sent other content than asked for: asked last from now on. */
  const liars = new Set<NodeId>();
  const idleUntil = new BoundedMap<NodeId, number>(limits.blobQuotaPeers);
  const rankOf = (peer: NodeId): number => {
    if (liars.has(peer)) return 2;
    return parts.clock.monotonic() < (idleUntil.get(peer) ?? 0) ? 1 : 0;
  };

  function noteLiar(peer: NodeId, id: ContentId): void {
    parts.log.warn("a peer sent other content than asked for", { peer, id });
    if (liars.size < limits.blobQuotaPeers) liars.add(peer);
  }

  return async (id: ContentId, wanted: Wanted): Promise<Uint8Array | readonly Failure[]> => {
    const { hints, maxBytes, rounds = ROUNDS, signal } = wanted;
    const peers = [...hints].sort((a, b) => rankOf(a) - rankOf(b));
    const failures: Failure[] = [];
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await sleep(parts.clock, round * RETRY_MS, signal);
      failures.length = 0;
      for (const peer of peers) {
        try {
          return await getFrom(parts, { peer, id, maxBytes, ...(signal && { signal }) });
        } catch (error) {
          signal?.throwIfAborted();
          const code = codeOf(error);
          if (code === "BLOB_HASH_MISMATCH") noteLiar(peer, id);
          idleUntil.set(peer, parts.clock.monotonic() + IDLE_MS);
          failures.push({ peer, code });
        }
      }
      if (failures.every(({ code }) => FINAL.has(code))) break;
    }
    return failures;
  };
}
