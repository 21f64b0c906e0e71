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
  toHex,
  utf8,
} from "@meshwork/foundation";
import { z } from "zod";
import { ChainError } from "../chain-error.ts";

/** What a seat signs with. The secrets lie beside the log, and nowhere else: no backup holds them. */
export interface VoteKey {
  readonly keyPair: KeyPair;
  readonly vrfSeed: Uint8Array;
  /** What the node registers by `renew`, or a genesis names. */
  readonly public: { readonly voteKey: PublicKey; readonly vrfKey: Key25519 };
}

/** A vote key, and the last epoch in whose committee this node has seen it; 0: in none. */
export interface KeptVoteKey {
  readonly key: VoteKey;
  readonly seatedUntil: number;
}

/** An epoch and the next, the lease, the one that is offered, and a few that an earlier epoch named. */
const MAX_KEYS = 8;
const secret = z.string().regex(/^[0-9a-f]{64}$/);
const keysFile = z.strictObject({
  version: z.literal(2),
  /** One for all: a seat that could choose its beacons anew might choose them to its liking. */
  vrfSeed: secret,
  /** Oldest first. */
  voteSecrets: z.array(secret).min(1).max(MAX_KEYS),
  /** Of each secret; what is missing is unknown. */
  seatedUntil: z.array(z.int().nonnegative()).max(MAX_KEYS).default([]),
});

export function newVoteKey(random: Random, vrfSeed: Uint8Array = random.bytes(32)): VoteKey {
  return voteKeyOf(generateKeyPair(random), vrfSeed);
}

function voteKeyOf(keyPair: KeyPair, vrfSeed: Uint8Array): VoteKey {
  const vrfKey = vrfKeyPair(vrfSeed).publicKey;
  return { keyPair, vrfSeed, public: { voteKey: keyPair.publicKey, vrfKey } };
}

export type VoteKeyList = readonly [KeptVoteKey, ...KeptVoteKey[]];

/** @param keys oldest first; all with the same VRF seed. */
export function encodeVoteKeys(keys: VoteKeyList): Uint8Array {
  const file: z.infer<typeof keysFile> = {
    version: 2,
    vrfSeed: toHex(keys[0].key.vrfSeed),
    voteSecrets: keys.map(({ key }) => toHex(secretOf(key.keyPair))),
    seatedUntil: keys.map(({ seatedUntil }) => seatedUntil),
  };
  return utf8(`${JSON.stringify(file)}\n`);
}

export function parseVoteKeys(bytes: Uint8Array, path: string): VoteKeyList {
  try {
    const { voteSecrets, vrfSeed, seatedUntil } = keysFile.parse(JSON.parse(fromUtf8(bytes)));
    const keptOf = (voteSecret: string, i: number) => ({
      key: voteKeyOf(keyPairFromSecret(fromHex(voteSecret)), fromHex(vrfSeed)),
      seatedUntil: seatedUntil[i] ?? 0,
    });
    const [first, ...rest] = voteSecrets.map(keptOf);
    if (first === undefined) throw new Error("no key");
    return [first, ...rest];
  } catch {
    // The cause is left out: a parser's message may quote the secret.
    throw new ChainError(
      "VOTE_KEY_MALFORMED",
      `${path} holds no vote keys: remove it and the log beside it, and let the node register a new one`,
      { detail: { path } },
    );
  }
}
