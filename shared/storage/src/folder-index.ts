import type { ContentId } from "@meshwork/foundation";

export interface FolderIndexOptions {
  maxTotalBytes: number;
  maxObjects: number;
  /** What must not go to make room. @default everything: the folder refuses when it is full */
  isPinned: (id: ContentId) => boolean;
}

/**
 * What a folder holds, least recently used first, and how much of it. All of it happens between two
 * awaits, so that many puts at once cannot pass the bound together.
 */
export class FolderIndex {
  /** A Map keeps the order of insertion: what was touched last goes last. */
  readonly #sizes = new Map<ContentId, number>();
  readonly #options: FolderIndexOptions;
  #totalBytes = 0;

  constructor(options: FolderIndexOptions) {
    this.#options = options;
  }

  sizeOf(id: ContentId): number | undefined {
    return this.#sizes.get(id);
  }

  /** Counts an object, or its new size. */
  set(id: ContentId, sizeBytes: number): void {
    this.remove(id);
    this.#sizes.set(id, sizeBytes);
    this.#totalBytes += sizeBytes;
  }

  touch(id: ContentId): void {
    const sizeBytes = this.#sizes.get(id);
    if (sizeBytes !== undefined) this.set(id, sizeBytes);
  }

  remove(id: ContentId): void {
    this.#totalBytes -= this.#sizes.get(id) ?? 0;
    this.#sizes.delete(id);
  }

  /**
   * Counts an object that is about to be written, and no longer those that must go for it, which it
   * names. Null, and nothing has changed, when there is no room for it.
   */
  reserve(id: ContentId, sizeBytes: number): ContentId[] | null {
    const known = this.#sizes.get(id);
    const { leaving, fits } = this.#toMakeRoom({
      bytes: this.#totalBytes - (known ?? 0) + sizeBytes,
      objects: this.#sizes.size + (known === undefined ? 1 : 0),
      except: id,
    });
    if (!fits) return null;
    for (const gone of leaving) this.remove(gone);
    this.set(id, sizeBytes);
    return leaving;
  }

  /** The bound was lowered since these were written: no longer counts what must go, and names it. */
  trim(): ContentId[] {
    const { leaving } = this.#toMakeRoom({ bytes: this.#totalBytes, objects: this.#sizes.size });
    for (const gone of leaving) this.remove(gone);
    return leaving;
  }

  #toMakeRoom(wanted: { bytes: number; objects: number; except?: ContentId }) {
    const { maxTotalBytes, maxObjects, isPinned } = this.#options;
    const leaving: ContentId[] = [];
    let { bytes, objects } = wanted;
    const fits = () => bytes <= maxTotalBytes && objects <= maxObjects;
    for (const [candidate, candidateBytes] of fits() ? [] : this.#sizes) {
      if (candidate === wanted.except || isPinned(candidate)) continue;
      leaving.push(candidate);
      bytes -= candidateBytes;
      objects -= 1;
      if (fits()) break;
    }
    return { leaving, fits: fits() };
  }
}
