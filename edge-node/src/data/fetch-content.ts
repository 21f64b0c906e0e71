import { type ContentId, codeOf, limits } from "@meshwork/foundation";
import { BlobError } from "./blob-error.ts";
import type { BlobsParts, CopyOptions, FetchOptions } from "./blobs.ts";
import { askPeers, type Failure } from "./from-peers.ts";
import { hedged } from "./hedge.ts";
import type { Asked } from "./shared-store.ts";

/** Why a source has not given an object, or the object. */
type Answer = Uint8Array | readonly Failure[];

/** A copy is a convenience: who has the bytes can work, also when the disk is full. Unless it must be kept. */
export async function keepCopy(
  { store, pin, log }: Pick<BlobsParts, "store" | "pin" | "log">,
  { id, bytes, orderId, mustKeep }: { id: ContentId; bytes: Uint8Array } & CopyOptions,
): Promise<void> {
  if (orderId !== undefined) pin?.(orderId, id);
  try {
    await store.put(bytes);
  } catch (error) {
    if (mustKeep) throw error;
    log.warn("fetched content could not be kept", { id, code: codeOf(error), error });
  }
}

/** Looks for content here, then in the shared store, then with peers. See `Blobs.fetch`. */
export function contentFetcher(parts: BlobsParts) {
  const { store, shared, log, clock, pin } = parts;
  const fromPeers = askPeers(parts);

  async function fromHere(id: ContentId, maxBytes: number): Promise<Answer> {
    try {
      return (await store.get(id, { maxBytes })) ?? [];
    } catch (error) {
      const code = codeOf(error);
      log.warn("an object here cannot be used; others are asked for it", { id, code, error });
      return code === "OBJECT_TOO_LARGE" ? [TOO_LARGE] : [];
    }
  }

  /**
   * Not here: then from the shared store, or, if that has it not or is slow, from a peer. The store
   * that lacked it, or held something else, is given it.
   */
  async function fromElsewhere(id: ContentId, options: FetchOptions): Promise<Answer> {
    let asked: Asked | null = null;
    let failures: readonly Failure[] = [];
    const fromStore = async (signal: AbortSignal) => {
      if (!shared || options.unsealed) return null;
      asked = await shared.store.get(id, { ...options, signal });
      return asked instanceof Uint8Array ? asked : null;
    };
    const fromPeer = async (signal: AbortSignal) => {
      const answer = await fromPeers(id, { ...options, signal });
      if (answer instanceof Uint8Array) return answer;
      failures = answer;
      return null;
    };
    const sources = { first: fromStore, second: fromPeer, patienceMs: limits.taskDataPatienceMs };
    const bytes = await hedged(clock, sources, options.signal);
    if (bytes === null) return failures;
    await keepCopy(parts, { ...options, id, bytes });
    if (asked === "absent") await shared?.uploads.add(id);
    return bytes;
  }

  return async (id: ContentId, options: FetchOptions): Promise<Uint8Array> => {
    options.signal?.throwIfAborted();
    const here = await fromHere(id, options.maxBytes);
    if (here instanceof Uint8Array) {
      if (options.orderId !== undefined) pin?.(options.orderId, id);
      return here;
    }
    const found = await fromElsewhere(id, options);
    if (found instanceof Uint8Array) return found;
    throw notFetched(id, [...here, ...found]);
  };
}

const TOO_LARGE: Failure = { code: "BLOB_TOO_LARGE" };

function notFetched(id: ContentId, failures: readonly Failure[]): BlobError {
  const detail = { id, failures: [...failures] };
  const has = (code: string) => failures.some((failure) => failure.code === code);
  if (has("BLOB_HASH_MISMATCH"))
    return new BlobError(
      "BLOB_HASH_MISMATCH",
      `what was received for ${id} has another hash, and no other peer had it: name more peers`,
      { detail },
    );
  if (has("BLOB_TOO_LARGE"))
    return new BlobError("BLOB_TOO_LARGE", `${id} is larger than was agreed to`, { detail });
  return new BlobError(
    "BLOB_UNAVAILABLE",
    `${id} is neither on this machine nor in a shared store, and none of ${failures.filter(({ peer }) => peer).length} peers gave it: start one that has it, or put it again`,
    { detail },
  );
}
