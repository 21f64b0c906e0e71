import { sha256Hex } from "@meshwork/crypto";
import { CodedError, codeOf, type Digest, fileId, limits, toHex } from "@meshwork/foundation";
import type { Hono } from "hono";
import { type DoorParts, requireCaller } from "./context.ts";
import { DoorError } from "./door-error.ts";
import { doorLimits } from "./door-limits.ts";
import { asRefusal } from "./error-shape.ts";
import { requireBodyHash, statedLength } from "./guards.ts";
import type { OwnFile } from "./ports.ts";
import type { DoorEnv, DoorRequest } from "./remote.ts";

/**
 * Inputs of gigabytes, chunk by chunk, so that neither side ever holds more than one of them, and an upload
 * or a download that broke off goes on where it was. Every file is its account's alone.
 *
 *     PUT /files/<file id>?bytes=<size>    the chunks' SHA-256, 32 bytes each → {"missing":[numbers]}
 *     PUT /files/<file id>/<number>        a chunk → {}
 *     GET /files/<file id>                 → {"sizeBytes":…,"chunks":[hashes]}
 *     GET /files/<file id>/<number>        → the chunk
 */
export function addFileRoutes(app: Hono<DoorEnv>, { gateway: { files } }: DoorParts): void {
  const takeSeat = seats(doorLimits.chunksAtOnce);
  const HASH_BYTES = 32;
  const mostChunks = Math.ceil(limits.fileBytes / limits.fileChunkBytes);

  app.put("/files/:id", async (c) => {
    const file = fileOf(c);
    const bytes = await bodyOf(c, mostChunks * HASH_BYTES);
    const sizeBytes = numberIn(c, c.req.query("bytes"));
    if (bytes.length % HASH_BYTES !== 0)
      throw new DoorError("INPUT_INVALID", `a list of hashes has ${HASH_BYTES} bytes for each`);
    const chunks = Array.from(
      { length: bytes.length / HASH_BYTES },
      (_, i) => toHex(bytes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES)) as Digest,
    );
    const missing = await refusing(() => files.announce(file, { sizeBytes, chunks }));
    return c.json({ missing });
  });

  app.put("/files/:id/:index", async (c) => {
    const file = fileOf(c);
    const leave = takeSeat();
    try {
      const chunk = await bodyOf(c, limits.fileChunkBytes);
      const index = numberIn(c, c.req.param("index"));
      await refusing(() => files.putChunk(file, index, chunk));
      return c.json({});
    } finally {
      leave();
    }
  });

  app.get("/files/:id", async (c) => c.json(await refusing(async () => files.list(fileOf(c)))));

  app.get("/files/:id/:index", async (c) => {
    const file = fileOf(c);
    const leave = takeSeat();
    try {
      const index = numberIn(c, c.req.param("index"));
      const chunk = await refusing(() => files.chunk(file, index));
      return c.body(new Uint8Array(chunk), 200, { "content-type": "application/octet-stream" });
    } finally {
      leave();
    }
  });
}

function fileOf(c: DoorRequest): OwnFile {
  const { account } = requireCaller({ caller: c.get("caller") });
  const id = fileId.safeParse(c.req.param("id"));
  if (id.success) return { account, id: id.data };
  throw new DoorError(
    "INPUT_INVALID",
    `${c.req.path.slice(0, 120)} names no file: its id is a CIDv1 (dag-pb, sha2-256, base32)`,
  );
}

function numberIn(c: DoorRequest, text: string | undefined): number {
  if (text !== undefined && /^(0|[1-9]\d{0,9})$/.test(text)) return Number(text);
  throw new DoorError(
    "INPUT_INVALID",
    `${c.req.path.slice(0, 120)} lacks a number: a chunk's place, or ?bytes= with the file's size`,
  );
}

async function bodyOf(c: DoorRequest, maxBytes: number): Promise<Uint8Array> {
  const { bodyHash } = requireCaller({ caller: c.get("caller") });
  statedLength(c, maxBytes);
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  if (bodyHash !== null) requireBodyHash(bodyHash, sha256Hex(bytes));
  return bytes;
}

/** What the node refuses is the requester's to read; that its own data is lost is not his fault. */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === "STORE_FULL")
      throw new DoorError(
        "STAGING_FULL",
        "the gateway has no room for more data now: try again later, or bring it to another",
      );
    throw error instanceof CodedError && !(error instanceof DoorError) ? asRefusal(error) : error;
  }
}

/** Chunks that are held in memory at a time. */
function seats(most: number): () => () => void {
  let taken = 0;
  return () => {
    if (taken === most)
      throw new DoorError(
        "STAGING_FULL",
        `${most} chunks are on their way here already: try again in a second`,
      );
    taken++;
    return () => {
      taken--;
    };
  };
}
