import {
  type Clock,
  type ContentId,
  codeOf,
  type NodeId,
  type OrderId,
} from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import { contentIdOf, type ObjectStore } from "@meshwork/storage";
import type { Channel, OpenChannel } from "../chain/channel.ts";
import { contentFetcher, keepCopy } from "./fetch-content.ts";
import { putTo } from "./peer-transfer.ts";
import type { PendingUploads } from "./pending-uploads.ts";
import { type ServeBlobsParts, serveBlobs } from "./serve-blobs.ts";
import type { SharedStore } from "./shared-store.ts";

export interface BlobsParts {
  /** Objects on this machine. What is fetched is kept here. */
  store: Pick<ObjectStore, "get" | "put">;
  /** A store that several nodes share, S3 for one, and what it still has to be given. @default none */
  shared?: { store: SharedStore; uploads: Pick<PendingUploads, "add"> };
  openChannel: OpenChannel;
  clock: Clock;
  log: Log;
  /** Called before an object is kept that an order needs here until it is done. @default nothing */
  pin?: (orderId: OrderId, id: ContentId) => void;
  /** Whether an order needs the object here: then it is served from the shared store too. @default no */
  isNeeded?: (id: ContentId) => boolean;
  /** Which pushed objects this node takes. @default none: only who expects objects takes them */
  admitPut?: ServeBlobsParts["admitPut"];
}

export interface KeepOptions {
  /** Needs it here until it is done: nothing else pushes it out. @default nobody does */
  orderId?: OrderId;
  /** Plaintext: it stays on this machine, and is nothing for a store that others read. @default false */
  unsealed?: boolean;
}

export interface CopyOptions extends KeepOptions {
  /** What was fetched is worth nothing unless it lies here: a disk that is full is an error. @default false */
  mustKeep?: boolean;
}

export interface FetchOptions extends CopyOptions {
  /** Nodes that may have it, best first. */
  hints: readonly NodeId[];
  /** Larger content is refused before it is read. */
  maxBytes: number;
  /** How often those are asked who may have it, but cannot give it now. @default 3 */
  rounds?: number;
  signal?: AbortSignal;
}

/** Content by address: from this machine, from the shared store, or from any peer that may have it. */
export interface Blobs {
  /** Durable here, and in the shared store: or on the list of what that is still to be given. */
  put(bytes: Uint8Array, options?: KeepOptions): Promise<ContentId>;
  /**
   * Always the very content that `id` names.
   * @throws BlobError `BLOB_HASH_MISMATCH` when a peer lied and nobody had it; `BLOB_UNAVAILABLE` when
   * nobody had it; `BLOB_TOO_LARGE`. Or the signal's reason; or, with `mustKeep`, the store's refusal.
   */
  fetch(id: ContentId, options: FetchOptions): Promise<Uint8Array>;
  /** Brings the bytes to a peer; resolves once they are durable there. @throws BlobError */
  push(peer: NodeId, bytes: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** For the node's door: upon a stream of `streamNames.blobs`. */
  readonly onChannel: (channel: Channel) => void;
}

export function createBlobs(parts: BlobsParts): Blobs {
  const { shared, pin = () => {}, isNeeded = () => false } = parts;

  async function keep(bytes: Uint8Array, { orderId, unsealed }: KeepOptions): Promise<ContentId> {
    const id = contentIdOf(bytes);
    if (orderId !== undefined) pin(orderId, id);
    await parts.store.put(bytes);
    if (!unsealed && shared && !(await shared.store.put(bytes))) await shared.uploads.add(id);
    return id;
  }

  /** What this node serves to peers, and how it keeps what they bring. */
  const served = {
    async get(id: ContentId, { maxBytes }: { maxBytes: number }) {
      const here = await parts.store.get(id, { maxBytes }).catch((error) => {
        if (codeOf(error) !== "OBJECT_DAMAGED") throw error;
        return null;
      });
      if (here !== null || !shared || !isNeeded(id)) return here;
      const bytes = await shared.store.get(id, { maxBytes });
      if (!(bytes instanceof Uint8Array)) return null;
      await keepCopy(parts, { id, bytes });
      return bytes;
    },
    put: (bytes: Uint8Array) => keep(bytes, {}),
  };

  return {
    put: (bytes, options = {}) => keep(bytes, options),
    fetch: contentFetcher(parts),
    push: (peer, bytes, signal) => putTo(parts, { peer, bytes, ...(signal && { signal }) }),
    onChannel: serveBlobs({ admitPut: () => false, ...parts, store: served }),
  };
}
