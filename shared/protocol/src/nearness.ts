import { digestOf, type KeyPair, sign, verify } from "@meshwork/crypto";
import {
  chainId,
  fromHex,
  milliseconds,
  nodeId,
  type PublicKey,
  signature,
} from "@meshwork/foundation";
import { z } from "zod";
import { wire } from "./canonical.ts";
import { latencyClass, regionName } from "./placement.ts";

/**
 * A relay's word on where a node stands: it asked the node something and took the time. A node can
 * make itself look farther than it is, never nearer.
 */
export const nearnessBody = wire(
  z.strictObject({
    chainId,
    node: nodeId,
    /** Who measured. Whether its word counts, the ledger says. */
    by: nodeId,
    /** Of whoever measured: a node that is near to it stands there. */
    region: regionName,
    latencyClass,
    /** The measurer's wall clock. */
    time: milliseconds,
  }),
  { name: "nearness", maxBytes: 512 },
);
export type Nearness = z.infer<typeof nearnessBody.schema>;

export const signedNearness = wire(z.strictObject({ body: nearnessBody.schema, signature }), {
  name: "signed nearness",
  maxBytes: 1_024,
});
export type SignedNearness = z.infer<typeof signedNearness.schema>;

const messageOf = (body: Nearness): Uint8Array =>
  fromHex(digestOf("meshwork/nearness/1", nearnessBody.encode(body)));

export const signNearness = (by: KeyPair, body: Nearness): SignedNearness => ({
  body,
  signature: sign(by, messageOf(body)),
});

export const verifyNearness = (key: PublicKey, { body, signature: by }: SignedNearness): boolean =>
  verify(key, messageOf(body), by);
