import type { Clock, ContentId, NodeId } from "@meshwork/foundation";
import { DoorError } from "./door-error.ts";

export interface StagingOptions {
  maxBytes: number;
  maxBytesPerAccount: number;
  maxObjectsPerAccount: number;
  lifetimeMs: number;
}

interface Shelf {
  /** Stored and announced bytes. */
  bytes: number;
  reserved: number;
  objects: Map<ContentId, { bytes: Uint8Array; expiry: number }>;
}

/** Room that is kept for an upload while it arrives. Call one of the two, once. */
export interface Reservation {
  store(id: ContentId, bytes: Uint8Array): void;
  release(): void;
}

/**
 * Uploads that wait for their order, on a shelf for each requester: nobody's upload can crowd out
 * or be named by another's. Room is taken before the first byte is read, so that memory is bounded
 * by what was announced.
 */
export function createObjectStaging(clock: Clock, options: StagingOptions) {
  const shelves = new Map<NodeId, Shelf>();
  let total = 0;

  const shelfOf = (account: NodeId): Shelf => {
    const known = shelves.get(account);
    if (known) return known;
    const shelf: Shelf = { bytes: 0, reserved: 0, objects: new Map() };
    shelves.set(account, shelf);
    return shelf;
  };

  const grow = (shelf: Shelf, sizeBytes: number) => {
    shelf.bytes += sizeBytes;
    total += sizeBytes;
  };

  const remove = (account: NodeId, id: ContentId) => {
    const shelf = shelves.get(account);
    const object = shelf?.objects.get(id);
    if (!shelf || !object) return;
    shelf.objects.delete(id);
    grow(shelf, -object.bytes.length);
    if (shelf.objects.size + shelf.reserved === 0) shelves.delete(account);
  };

  const forgetExpired = () => {
    const now = clock.monotonic();
    for (const [account, shelf] of shelves)
      for (const [id, object] of shelf.objects) if (object.expiry <= now) remove(account, id);
  };

  return {
    forgetExpired,

    /** Throws STAGING_FULL or STAGING_QUOTA when there is no room for `sizeBytes`. */
    reserve(account: NodeId, sizeBytes: number): Reservation {
      forgetExpired();
      refuseWithoutRoom(shelves.get(account), { total, sizeBytes, options });
      const shelf = shelfOf(account);
      shelf.reserved++;
      grow(shelf, sizeBytes);
      const release = () => {
        shelf.reserved--;
        grow(shelf, -sizeBytes);
        if (shelf.objects.size + shelf.reserved === 0) shelves.delete(account);
      };
      return {
        release,
        store(id, bytes) {
          remove(account, id);
          shelf.objects.set(id, { bytes, expiry: clock.monotonic() + options.lifetimeMs });
          grow(shelf, bytes.length);
          release();
        },
      };
    },

    get: (account: NodeId, id: ContentId): Uint8Array | null =>
      shelves.get(account)?.objects.get(id)?.bytes ?? null,

    /** The order has them now. */
    drop(account: NodeId, ids: readonly ContentId[]): void {
      for (const id of ids) remove(account, id);
    },

    get bytes(): number {
      return total;
    },
  };
}
export type ObjectStaging = ReturnType<typeof createObjectStaging>;

function refuseWithoutRoom(
  shelf: Shelf | undefined,
  wish: { total: number; sizeBytes: number; options: StagingOptions },
): void {
  const { total, sizeBytes, options } = wish;
  const count = shelf ? shelf.objects.size + shelf.reserved : 0;
  const bytes = (shelf?.bytes ?? 0) + sizeBytes;
  if (bytes > options.maxBytesPerAccount || count >= options.maxObjectsPerAccount)
    throw new DoorError(
      "STAGING_QUOTA",
      `${count} uploads of this account with ${bytes - sizeBytes} bytes wait for their order already; at most ${options.maxObjectsPerAccount} with ${options.maxBytesPerAccount} bytes may: submit the order, or wait ${options.lifetimeMs} ms`,
      { detail: { count, bytes } },
    );
  if (total + sizeBytes > options.maxBytes)
    throw new DoorError(
      "STAGING_FULL",
      `all uploads that wait here may have ${options.maxBytes} bytes together, and ${total} are taken: try again in a minute`,
      { detail: { total } },
    );
}
