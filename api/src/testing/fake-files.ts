import { sha256Hex } from "@meshwork/crypto";
import { CodedError, type Digest } from "@meshwork/foundation";
import type { GatewayFiles, OwnFile } from "../ports.ts";

const keyOf = ({ account, id }: OwnFile): string => `${account}/${id}`;

/** Files in memory. */
export class FakeFiles implements GatewayFiles {
  readonly #files = new Map<
    string,
    { sizeBytes: number; chunks: Digest[]; brought: Map<number, Uint8Array> }
  >();

  async announce(file: OwnFile, list: { sizeBytes: number; chunks: readonly Digest[] }) {
    const { sizeBytes, chunks } = list;
    const known = this.#files.get(keyOf(file));
    const entry = known ?? { sizeBytes, chunks: [...chunks], brought: new Map() };
    this.#files.set(keyOf(file), entry);
    return [...chunks.keys()].filter((index) => !entry.brought.has(index));
  }

  async putChunk(file: OwnFile, index: number, chunk: Uint8Array): Promise<void> {
    const entry = this.#find(file);
    if (sha256Hex(chunk) !== entry.chunks[index])
      throw new CodedError("FILE_HASH_MISMATCH", "this is not that chunk");
    entry.brought.set(index, chunk);
  }

  list(file: OwnFile) {
    const { sizeBytes, chunks } = this.#find(file);
    return { sizeBytes, chunks };
  }

  async chunk(file: OwnFile, index: number): Promise<Uint8Array> {
    const chunk = this.#find(file).brought.get(index);
    if (chunk) return chunk;
    throw new CodedError("FILE_INCOMPLETE", "that chunk was not brought");
  }

  #find(file: OwnFile) {
    const entry = this.#files.get(keyOf(file));
    if (entry) return entry;
    throw new CodedError("FILE_UNKNOWN", "nobody brought that file");
  }
}
