import type { ContentId } from "@meshwork/foundation";
import { contentIdOf, type ObjectStore, StorageError } from "@meshwork/storage";

type Code = StorageError["code"];

/** A store in memory, which fails as it is told to, and counts how often it was asked. */
export class BrokenStore implements Pick<ObjectStore, "get" | "put"> {
  readonly objects = new Map<ContentId, Uint8Array>();
  /** What the next operations end with. */
  fails: Code | null = null;
  readonly asked: string[] = [];
  /** They wait for it. */
  slow: Promise<void> = Promise.resolve();

  async put(bytes: Uint8Array): Promise<ContentId> {
    await this.#operate("put");
    const id = contentIdOf(bytes);
    this.objects.set(id, bytes);
    return id;
  }

  async get(id: ContentId, { maxBytes = Number.MAX_VALUE } = {}): Promise<Uint8Array | null> {
    await this.#operate("get");
    const bytes = this.objects.get(id) ?? null;
    if (bytes !== null && bytes.length > maxBytes) throw failure("OBJECT_TOO_LARGE");
    if (bytes !== null && contentIdOf(bytes) !== id) throw failure("OBJECT_DAMAGED");
    return bytes;
  }

  async #operate(name: string): Promise<void> {
    this.asked.push(name);
    await this.slow;
    if (this.fails !== null) throw failure(this.fails);
  }
}

const failure = (code: Code) => new StorageError(code, `the store was told to fail: ${code}`);
