import type { Digest } from "@meshwork/foundation";
import { utf8 } from "@meshwork/foundation";
import { CID } from "multiformats/cid";
import { sha256 } from "multiformats/hashes/sha2";
import { describe, expect, test } from "vitest";
import { contentIdOf, contentIdOfDigest, digestOfContentId } from "./content-id.ts";

describe("content ids", () => {
  test("are what IPFS calls the same bytes", async () => {
    const bytes = utf8("hello world");
    expect(contentIdOf(bytes)).toBe("bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
    expect(contentIdOf(bytes)).toBe(CID.createV1(0x55, await sha256.digest(bytes)).toString());
  });

  test("and sha-256 digests turn into each other", () => {
    const digest = "ab".repeat(32) as Digest;
    expect(digestOfContentId(contentIdOfDigest(digest))).toBe(digest);
  });

  test("text that is no content id of ours is refused", () => {
    for (const text of ["", "bafkrei", "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"])
      expect(() => digestOfContentId(text as never)).toThrow();
  });
});
