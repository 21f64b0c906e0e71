import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { assert, type PublicKey, type Random, systemRandom } from "@meshwork/foundation";
import { ChainError } from "../chain-error.ts";
import type { DiskSpace } from "../store/disk-space.ts";
import { readIfThere, replaceFile } from "../store/durable-file.ts";
import { openRecordLog, type RecordLog } from "./record-log.ts";
import {
  encodeVoteKeys,
  type KeptVoteKey,
  newVoteKey,
  parseVoteKeys,
  type VoteKey,
  type VoteKeyList,
} from "./vote-key.ts";

/** A seat's memory: its keys, and the log of all that they have signed. */
export interface VoteFolder {
  readonly keys: VoteKeys;
  readonly log: RecordLog;
  /** What the log held when it was opened. */
  readonly records: readonly Uint8Array[];
}

/**
 * Opens the folder of a seat, or makes a new one with a random key. A key without its log is refused:
 * nobody knows what it has signed.
 * @throws ChainError `LOG_MISSING`, `VOTE_KEY_MALFORMED`, and those of the log
 */
export async function openVoteFolder(
  folder: string,
  { random = systemRandom, space }: { random?: Random; space?: DiskSpace } = {},
): Promise<VoteFolder> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [keyPath, logPath] = [join(folder, "vote-key.json"), join(folder, "votes.log")];
  const stored = await readIfThere(keyPath);
  if (stored !== null && (await readIfThere(logPath)) === null) throw logMissing(logPath, keyPath);
  const list =
    stored === null
      ? ([{ key: newVoteKey(random), seatedUntil: 0 }] as const)
      : parseVoteKeys(stored, keyPath);
  const { log, records } = await openRecordLog(logPath, space);
  const write = (keys: VoteKeyList) => replaceFile(keyPath, encodeVoteKeys(keys));
  // Last, so that a crash leaves a log without a key, which is harmless.
  if (stored === null) await write(list);
  return { keys: new VoteKeys(list, { random, write }), log, records };
}

/** For `network create`: makes the folder of a genesis validator, and says what the genesis is to name. */
export async function createVoteFolder(folder: string): Promise<VoteKey["public"]> {
  const { keys, log } = await openVoteFolder(folder);
  await log.close();
  return keys.offered.public;
}

interface VoteKeysParts {
  random: Random;
  /** Puts these in the place of those on disk, durably. */
  write: (keys: VoteKeyList) => Promise<void>;
}

/** What the ledger says of this node's keys. */
export interface Naming {
  /** In the committees that are known, and for which epoch's votes. */
  readonly seated: readonly { readonly voteKey: PublicKey; readonly epoch: number }[];
  /** In its lease, from which the next election may take it. */
  readonly registered: PublicKey | null;
  /** The epoch that the chain has come to. Null: it has still to come back to where this seat was. */
  readonly reached: number | null;
}

/**
 * A seat's vote keys: those that the ledger names, and the newest, which is offered for the next
 * election. Each serves while it is named, and is erased once the chain has passed the last epoch that it
 * was to vote in: whoever finds an old one could forge the past of its epoch. A chain that was lost and
 * begins anew erases nothing, for it does not know yet who sits.
 */
export class VoteKeys {
  readonly #parts: VoteKeysParts;
  #keys: VoteKeyList;
  /** The change under way; the next one starts behind it. */
  #tail: Promise<void> = Promise.resolve();

  /** @param keys oldest first. */
  constructor(keys: VoteKeyList, parts: VoteKeysParts) {
    this.#keys = keys;
    this.#parts = parts;
  }

  /** To be registered by `renew`. */
  get offered(): VoteKey {
    return (this.#keys.at(-1) ?? this.#keys[0]).key;
  }

  of(publicKey: PublicKey): VoteKey | undefined {
    return this.#keys.find(({ key }) => key.public.voteKey === publicKey)?.key;
  }

  /**
   * To be called when the ledger has changed. Erases the keys whose epochs are over; once a committee has
   * the offered one, the next is made.
   */
  keep(naming: Naming): Promise<void> {
    const change = this.#tail.then(() => this.#replace(this.#kept(naming)));
    this.#tail = change.catch(() => {});
    return change;
  }

  #kept({ seated, registered, reached }: Naming): VoteKeyList {
    const { offered } = this;
    const isNeeded = ({ key, seatedUntil }: KeptVoteKey) =>
      key === offered ||
      key.public.voteKey === registered ||
      reached === null ||
      seatedUntil >= reached;
    const kept = this.#keys.map((one) => noted(one, seated)).filter(isNeeded);
    if (seated.some(({ voteKey }) => voteKey === offered.public.voteKey))
      kept.push({ key: newVoteKey(this.#parts.random, offered.vrfSeed), seatedUntil: 0 });
    const [first, ...rest] = kept;
    assert(first, "the offered key is always kept");
    return [first, ...rest];
  }

  /** On disk first: a key that is registered and lost would be an empty seat. */
  async #replace(keys: VoteKeyList): Promise<void> {
    if (keys.length === this.#keys.length && keys.every((key, i) => key === this.#keys[i])) return;
    await this.#parts.write(keys);
    this.#keys = keys;
  }
}

function noted(kept: KeptVoteKey, seated: Naming["seated"]): KeptVoteKey {
  const seats = seated.filter(({ voteKey }) => voteKey === kept.key.public.voteKey);
  const seatedUntil = Math.max(kept.seatedUntil, ...seats.map(({ epoch }) => epoch));
  return seatedUntil === kept.seatedUntil ? kept : { ...kept, seatedUntil };
}

const logMissing = (logPath: string, keyPath: string) =>
  new ChainError(
    "LOG_MISSING",
    `${keyPath} is there but ${logPath} is not: what this key has signed is unknown, so it must never sign again. ` +
      "Remove the key and let the node register a new one",
    { detail: { logPath, keyPath } },
  );
