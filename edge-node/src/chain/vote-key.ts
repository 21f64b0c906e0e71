import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  generateKeyPair,
  type KeyPair,
  keyPairFromSecret,
  secretOf,
  vrfKeyPair,
} from "@meshwork/crypto";
import {
  fromHex,
  fromUtf8,
  type Key25519,
  type PublicKey,
  type Random,
  systemRandom,
  toHex,
  utf8,
} from "@meshwork/foundation";
import { z } from "zod";
import { ChainError } from "./chain-error.ts";
import type { DiskSpace } from "./disk-space.ts";
import { readIfThere, replaceFile } from "./durable-file.ts";
import { openRecordLog, type RecordLog } from "./record-log.ts";

/** What a seat signs with. The secrets lie beside the log, and nowhere else: no backup holds them. */
export interface VoteKey {
  readonly keyPair: KeyPair;
  readonly vrfSeed: Uint8Array;
  /** What the node registers by `renew`, or a genesis names. */
  readonly public: { readonly voteKey: PublicKey; readonly vrfKey: Key25519 };
}

/** A seat's memory: its key, and the log of all that the key has signed. */
export interface VoteFolder {
  readonly key: VoteKey;
  readonly log: RecordLog;
  /** What the log held when it was opened. */
  readonly records: readonly Uint8Array[];
}

const keyFile = z.strictObject({
  version: z.literal(1),
  voteSecret: z.string().regex(/^[0-9a-f]{64}$/),
  vrfSeed: z.string().regex(/^[0-9a-f]{64}$/),
});

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
  const key = stored === null ? newVoteKey(random) : parseVoteKey(stored, keyPath);
  const { log, records } = await openRecordLog(logPath, space);
  // Last, so that a crash leaves a log without a key, which is harmless.
  if (stored === null) await replaceFile(keyPath, encodeVoteKey(key));
  return { key, log, records };
}

/** For `network create`: makes the folder of a genesis validator, and says what the genesis is to name. */
export async function createVoteFolder(folder: string): Promise<VoteKey["public"]> {
  const { key, log } = await openVoteFolder(folder);
  await log.close();
  return key.public;
}

function newVoteKey(random: Random): VoteKey {
  return voteKeyOf(generateKeyPair(random), random.bytes(32));
}

function voteKeyOf(keyPair: KeyPair, vrfSeed: Uint8Array): VoteKey {
  const vrfKey = vrfKeyPair(vrfSeed).publicKey;
  return { keyPair, vrfSeed, public: { voteKey: keyPair.publicKey, vrfKey } };
}

function encodeVoteKey(key: VoteKey): Uint8Array {
  const file: z.infer<typeof keyFile> = {
    version: 1,
    voteSecret: toHex(secretOf(key.keyPair)),
    vrfSeed: toHex(key.vrfSeed),
  };
  return utf8(`${JSON.stringify(file)}\n`);
}

function parseVoteKey(bytes: Uint8Array, path: string): VoteKey {
  try {
    const { voteSecret, vrfSeed } = keyFile.parse(JSON.parse(fromUtf8(bytes)));
    return voteKeyOf(keyPairFromSecret(fromHex(voteSecret)), fromHex(vrfSeed));
  } catch {
    // The cause is left out: a parser's message may quote the secret.
    throw new ChainError(
      "VOTE_KEY_MALFORMED",
      `${path} holds no vote key: remove it and the log beside it, and let the node register a new one`,
      { detail: { path } },
    );
  }
}

const logMissing = (logPath: string, keyPath: string) =>
  new ChainError(
    "LOG_MISSING",
    `${keyPath} is there but ${logPath} is not: what this key has signed is unknown, so it must never sign again. ` +
      "Remove the key and let the node register a new one",
    { detail: { logPath, keyPath } },
  );
