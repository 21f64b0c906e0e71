import type { ContentId } from "@meshwork/foundation";
import {
  type Anchor,
  type AnchorStore,
  contentIdOf,
  type ObjectStore,
  StorageError,
} from "@meshwork/storage";
import type { SnapshotStore } from "../snapshot-store.ts";

/** Objects in memory, that a test may count and replace. */
export class MemoryObjects implements ObjectStore {
  readonly objects = new Map<ContentId, Uint8Array>();
  /** Names of all that was put, in order. */
  readonly puts: ContentId[] = [];
  /** May throw, as a disk or a network would. */
  beforePut: () => void = () => {};
  /** A store that does not hash what it gives, against the port's promise. */
  lies = false;

  async put(bytes: Uint8Array): Promise<ContentId> {
    this.beforePut();
    const id = contentIdOf(bytes);
    this.puts.push(id);
    this.objects.set(id, bytes);
    return id;
  }

  async get(id: ContentId): Promise<Uint8Array | null> {
    const bytes = this.objects.get(id) ?? null;
    if (bytes !== null && !this.lies && contentIdOf(bytes) !== id)
      throw new StorageError("OBJECT_DAMAGED", `${id} is damaged`);
    return bytes;
  }

  async has(id: ContentId): Promise<boolean> {
    return this.objects.has(id);
  }

  /** When each was put, in ms. @default the beginning of time */
  readonly times = new Map<ContentId, number>();

  async storedAt(id: ContentId): Promise<number | null> {
    return this.objects.has(id) ? (this.times.get(id) ?? 0) : null;
  }

  async *list(): AsyncGenerator<ContentId> {
    yield* [...this.objects.keys()];
  }

  async delete(id: ContentId): Promise<boolean> {
    return this.objects.delete(id);
  }
}

class MemoryAnchors implements AnchorStore {
  readonly #anchors = new Map<number, Anchor>();
  #head: Anchor | null = null;
  /** What another archiver does just before this one moves the head. */
  beforeMove: () => Promise<void> = async () => {};

  async append(anchor: Anchor): Promise<void> {
    const known = this.#anchors.get(anchor.height);
    if (known && known.hash !== anchor.hash)
      throw new StorageError("ANCHOR_CONFLICT", `two blocks of height ${anchor.height}`);
    this.#anchors.set(anchor.height, anchor);
  }

  async at(height: number): Promise<Anchor | null> {
    return this.#anchors.get(height) ?? null;
  }

  async head(): Promise<Anchor | null> {
    return this.#head;
  }

  async compareAndSetHead(expected: Anchor | null, next: Anchor): Promise<boolean> {
    const meanwhile = this.beforeMove;
    this.beforeMove = async () => {};
    await meanwhile();
    if (this.#head?.height !== expected?.height || next.height <= (this.#head?.height ?? 0))
      return false;
    this.#head = next;
    return true;
  }

  async close(): Promise<void> {}
}

export class MemorySnapshotStore implements SnapshotStore {
  readonly chunks = new MemoryObjects();
  readonly manifests = new MemoryObjects();
  readonly anchors = new MemoryAnchors();

  async close(): Promise<void> {}
}
