import { nodeId, type PublicKey, toHex } from "@meshwork/foundation";
import { base58btc } from "multiformats/bases/base58";
import { expect, test } from "vitest";
import { didKeyOf, nodeIdOf } from "./node-id.ts";
import { generateKeyPair } from "./sm2.ts";
import { sm3Hex } from "./sm3.ts";

/** The key of GM/T 0003.5-2012, A.2. */
const key = "0309f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020" as PublicKey;

test("a NodeId is the base58 multihash sm3-256 of the multicodec sm2-pub key", () => {
  const codeAndKey = Buffer.from(`8624${key}`, "hex");
  const multihash = base58btc.decode(`z${nodeIdOf(key)}`);
  expect(toHex(multihash)).toBe(`cda60120${sm3Hex(codeAndKey)}`);
});

test("the golden NodeId and did:key stay what they are", () => {
  expect(nodeIdOf(key)).toBe("2Za1oJwCJcVDQZoDUokAifXReEBgvQuiFFzHrApxLtVLX82bRu");
  expect(didKeyOf(key)).toBe("did:key:zEPJcGHUVYyrGAXXGQhLF39KAny4ojC9RPmA777H2iVztKwBd");
});

test("a did:key holds the key itself", () => {
  const decoded = base58btc.decode(didKeyOf(key).replace("did:key:", ""));
  expect(toHex(decoded)).toBe(`8624${key}`);
});

test("every key's NodeId passes the ids' schema, and no two are the same", () => {
  const ids = Array.from({ length: 50 }, () => nodeIdOf(generateKeyPair().publicKey));
  for (const id of ids) expect(nodeId.parse(id)).toBe(id);
  expect(new Set(ids).size).toBe(ids.length);
});
