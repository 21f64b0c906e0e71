import { hash } from "node:crypto";
import { type Digest, limits } from "@meshwork/foundation";
import { expect, test } from "vitest";
import { type FileShape, fileIdOf, fileTreeOf } from "./file-tree.ts";

const byteAt = (index: number): number => (Math.imul(index, 7) + (index >>> 8)) & 255;

function chunksOf(sizeBytes: number, chunkBytes: number): Digest[] {
  const count = Math.ceil(sizeBytes / chunkBytes);
  return Array.from({ length: count }, (_, i) => {
    const length = Math.min(chunkBytes, sizeBytes - i * chunkBytes);
    const bytes = Uint8Array.from({ length }, (_, k) => byteAt(i * chunkBytes + k));
    return hash("sha256", bytes, "hex") as Digest;
  });
}

/** Made by `ipfs-unixfs-importer` 15 from the same bytes: CIDv1, raw leaves, balanced. */
test.each<[size: number, shape: FileShape, id: string]>([
  [
    10,
    { chunkBytes: 4, links: 1024 },
    "bafybeideuh6pc3ok3drcgphdpi3pmz6b22fgxb3svoywepepikfrlguoe4",
  ],
  [41, { chunkBytes: 4, links: 3 }, "bafybeibrrgs6faa32teuuagoxcmyz5gl5fzkzkdiwyg3vnh5eedheo3wlm"],
  [
    16_385,
    { chunkBytes: 16, links: 1024 },
    "bafybeignjsaygxfr7kj5d4wukewis4mqbk6vmpxvccphgf64sgyfyyi4uq",
  ],
  [
    16_401,
    { chunkBytes: 16, links: 1024 },
    "bafybeif4kpbqktls3gliezykyebf2bsdzizsc4xo2dwjgpkoo26yvpuzo4",
  ],
])("a file of %i bytes in chunks of %o has the name that IPFS gives it", (size, shape, id) => {
  expect(fileTreeOf(chunksOf(size, shape.chunkBytes), size, shape).id).toBe(id);
});

test("so it has with the chunks that Meshwork cuts", () => {
  const size = limits.fileChunkBytes + 1;
  expect(fileIdOf(chunksOf(size, limits.fileChunkBytes), size)).toBe(
    "bafybeieofemmtv5mcmqqgckmrzjctyofxv4h2exgvbfjpg3ddjkxwpyln4",
  );
});

test("any other chunk, order or size is another file, or none", () => {
  const size = 2 * limits.fileChunkBytes + 1;
  const chunks = ["aa", "bb", "cc"].map((byte) => byte.repeat(32) as Digest);
  const id = fileIdOf(chunks, size);
  expect(fileIdOf([...chunks].reverse(), size)).not.toBe(id);
  expect(fileIdOf(chunks, size + 1)).not.toBe(id);
  expect(() => fileIdOf(chunks.slice(1), size)).toThrow("as many chunks");
  expect(() => fileIdOf(chunks.slice(2), 1)).toThrow("two chunks");
});
