import {
  type Certificate,
  type Header,
  verifyCertificate as hasQuorum,
  headerHash,
} from "@meshwork/protocol";
import type { Anchor } from "./anchor.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** Whether a quorum of the anchor's committee made this block final. Null: it did. */
export function verifyCertificate(
  anchor: Anchor,
  { header, certificate }: { header: Header; certificate: Certificate },
): Refusal | null {
  const { ballot } = certificate;
  if (header.chainId !== anchor.chainId)
    return refuse(
      "WRONG_CHAIN",
      `the block is of network ${header.chainId}, not ${anchor.chainId}`,
    );
  if (header.epoch !== anchor.epoch || ballot.epoch !== anchor.epoch)
    return refuse(
      "WRONG_EPOCH",
      `the block is of epoch ${header.epoch}, and the committee known that of ${anchor.epoch}: what leads from one to the other is missing`,
    );
  // The view of the certificate may be later: a block that was proposed again keeps its own.
  if (ballot.kind !== "F" || ballot.height !== header.height || ballot.view < header.view)
    return refuse("WRONG_BLOCK", `the certificate is not a final one of height ${header.height}`);
  const hash = headerHash(header);
  if (ballot.blockHash !== hash)
    return refuse("WRONG_BLOCK", `the certificate is of block ${ballot.blockHash}, not ${hash}`);
  return hasQuorum(anchor.chainId, anchor.voteKeys, certificate)
    ? null
    : refuse(
        "NO_QUORUM",
        `no quorum of the ${anchor.voteKeys.length} seats signed the certificate`,
      );
}
