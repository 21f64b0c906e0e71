import type { ContentId } from "@meshwork/foundation";

/**
 * Bytes by content address. Every driver promises the same, and `testing/contract` shows it:
 *
 * - What `put` has named is durable and whole; a crash leaves an object or nothing.
 * - `get` hashes what it read. It never returns bytes that are not the content.
 * - Putting content again costs nothing, and heals a damaged object.
 */
export interface ObjectStore {
  /** @throws StorageError `OBJECT_TOO_LARGE`, `STORE_FULL` */
  put(bytes: Uint8Array): Promise<ContentId>;
  /**
   * Null when the store has no such object. One of more than `maxBytes` is refused before it is read.
   * @throws StorageError `OBJECT_DAMAGED`, `OBJECT_TOO_LARGE`
   */
  get(id: ContentId, options?: { maxBytes?: number }): Promise<Uint8Array | null>;
  /** Whether an object of this name is there. Says nothing of its health. */
  has(id: ContentId): Promise<boolean>;
  /**
   * Wall time by the store's own clock, in ms, of the last time that it was written or noted as used; null when it
   * is not there. For telling what was given up long ago from what is under way.
   */
  storedAt(id: ContentId): Promise<number | null>;
  /** Every object's name, in no order. Objects that come or go meanwhile may be missed. */
  list(): AsyncIterable<ContentId>;
  /** False when there was nothing to delete. */
  delete(id: ContentId): Promise<boolean>;
}
