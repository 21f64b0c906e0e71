import { digestBytesOf, type KeyPair, sign, verify } from "@meshwork/crypto";
import {
  type ChainId,
  chainId,
  digest,
  milliseconds,
  nodeId,
  type PublicKey,
  signature,
} from "@meshwork/foundation";
import { wire } from "@meshwork/protocol";
import { z } from "zod";

/**
 * A request that proves who sends it: SM2 over the domain "meshwork/request/1" and these fields in
 * canonical form. Both sides use this file. The host is left out, since a balancer changes it; the
 * chainId says for which network the request is meant.
 */
const covered = wire(
  z.strictObject({
    chainId,
    account: nodeId,
    method: z.enum(["GET", "POST", "PUT"]),
    /** With its query, as it stands in the request line. */
    path: z.string().max(16_384),
    /** sha-256; of no bytes when there is no body. */
    bodyHash: digest,
    sent: milliseconds,
    nonce: z.string().regex(/^[0-9a-f]{32}$/),
  }),
  { name: "signed request", maxBytes: 20_000 },
);
export type SignedRequest = z.infer<typeof covered.schema>;

/** What the header carries; the rest, the server sees for itself. */
const proofSchema = covered.schema
  .pick({ account: true, bodyHash: true, sent: true, nonce: true })
  .extend({ signature });
export type RequestProof = z.infer<typeof proofSchema>;

/** The scheme of the `authorization` header. */
export const SIGNED_SCHEME = "Meshwork";

export function signRequest(keyPair: KeyPair, request: SignedRequest): string {
  const by = sign(keyPair, messageOf(request));
  const { account, sent, nonce, bodyHash } = request;
  return `${SIGNED_SCHEME} account=${account},sent=${sent},nonce=${nonce},body=${bodyHash},signature=${by}`;
}

const HEADER =
  /^Meshwork account=(\w{1,64}),sent=(\d{1,16}),nonce=(\w{32}),body=(\w{64}),signature=(\w{128})$/;

/** Null when `header` is not in the one form that `signRequest` writes. */
export function readProof(header: string): RequestProof | null {
  const [, account, sent, nonce, bodyHash, by] = HEADER.exec(header) ?? [];
  const proof = proofSchema.safeParse({
    account,
    sent: Number(sent),
    nonce,
    bodyHash,
    signature: by,
  });
  return proof.success ? proof.data : null;
}

export function verifyRequest(
  key: PublicKey,
  proof: RequestProof,
  seen: { chainId: ChainId; method: string; path: string },
): boolean {
  const { signature: by, ...claimed } = proof;
  const request = covered.schema.safeParse({ ...claimed, ...seen });
  return request.success && verify(key, messageOf(request.data), by);
}

const messageOf = (request: SignedRequest): Uint8Array =>
  digestBytesOf("meshwork/request/1", covered.encode(request));
