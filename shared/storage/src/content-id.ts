import { hash } from "node:crypto";
import { type ContentId, contentId, type Digest, fromHex, toHex } from "@meshwork/foundation";
import { base32 } from "multiformats/bases/base32";
import { CID } from "multiformats/cid";
import { create as multihash } from "multiformats/hashes/digest";

/** Multicodec numbers: content is raw bytes, named by their sha2-256. */
const RAW = 0x55;
const SHA2_256 = 0x12;

export function contentIdOf(bytes: Uint8Array): ContentId {
  return contentIdOfDigest(hash("sha256", bytes, "hex") as Digest);
}

/** The name of the content whose sha-256 is `sha256`: a result hash of the ledger names its bytes. */
export function contentIdOfDigest(sha256: Digest): ContentId {
  return CID.createV1(RAW, multihash(SHA2_256, fromHex(sha256))).toString(base32) as ContentId;
}

export function digestOfContentId(id: ContentId): Digest {
  return toHex(CID.parse(contentId.parse(id), base32).multihash.digest) as Digest;
}
