import { CodedError, type Digest, limits } from "@meshwork/foundation";
import { fileIdOf } from "@meshwork/storage";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fetchFile } from "./fetch-file.ts";
import { checkChunkList, type FileMap, fileMap } from "./file-map.ts";

const digest = (byte: number) => byte.toString(16).padStart(2, "0").repeat(32) as Digest;
const chunks = [1, 2, 3].map((i) => ({ plain: digest(i), sealed: digest(16 + i) }));
const sizeBytes = 2 * limits.fileChunkBytes + 5;
const map: FileMap = { sizeBytes, key: digest(9), chunks };
const id = fileIdOf(
  chunks.map(({ plain }) => plain),
  sizeBytes,
);
const bytes = fileMap.encode(map);
const { signal } = new AbortController();

/** What becomes of a map that was opened: `asked` when chunks of it were asked for. */
async function fateOf(opened: Uint8Array): Promise<string> {
  const blobs = { fetch: () => Promise.reject(new CodedError("asked", "for a chunk")) };
  const source = { id, sizeBytes, map: opened };
  return fetchFile(blobs, source, { hints: [], signal }).then(
    () => "done",
    (error: unknown) => (error instanceof CodedError ? error.code : `uncoded: ${error}`),
  );
}

test("a map of the right chunks is followed", async () => {
  expect(await fateOf(bytes)).toBe("asked");
  expect(fileMap.decode(bytes)).toEqual(map);
});

test("whatever else was sealed as a map is refused with a code before a chunk is asked for", async () => {
  const plainBytes = 32;
  const mutation = fc.record({
    at: fc.nat(bytes.length - 1),
    to: fc.nat(255),
    cut: fc.nat(bytes.length),
  });
  const refused = /^(WIRE_\w+|FILE_HASH_MISMATCH)$/;
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 2 * plainBytes }), async (nonsense) => {
      expect(await fateOf(nonsense)).toMatch(refused);
    }),
  );
  await fc.assert(
    fc.asyncProperty(mutation, async ({ at, to, cut }) => {
      expect(await fateOf(bytes.subarray(0, Math.min(cut, bytes.length - 1)))).toMatch(refused);
      const changed = bytes.slice();
      changed[at] = to;
      const read = (() => {
        try {
          return fileMap.decode(changed);
        } catch {
          return null;
        }
      })();
      const isSame =
        read?.sizeBytes === sizeBytes &&
        read.chunks.map(({ plain }) => plain).join() === chunks.map(({ plain }) => plain).join();
      // The key and the sealed hashes say only where to look: what lies there is held against the plain ones.
      if (isSame) expect(await fateOf(changed)).toBe("asked");
      else expect(await fateOf(changed)).toMatch(refused);
    }),
    { numRuns: 300 },
  );
});

test.each([
  ["no chunk", 0, 0],
  ["one chunk, which is an object", 500, 1],
])("a list of %s is no file's, and is refused with a code", (_what, size, count) => {
  const plain = Array.from({ length: count }, () => digest(1));
  expect(() => checkChunkList({ id, sizeBytes: size }, plain)).toThrow(
    expect.objectContaining({ code: "FILE_HASH_MISMATCH" }),
  );
});

test("a list of too many bytes is refused though it names its file", () => {
  const [size, plain] = [limits.fileBytes + 1, Array.from({ length: 4_096 }, () => digest(1))];
  expect(() => checkChunkList({ id: fileIdOf(plain, size), sizeBytes: size }, plain)).toThrow(
    expect.objectContaining({ code: "FILE_HASH_MISMATCH" }),
  );
});
