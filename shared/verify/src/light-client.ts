import { type Certificate, type Header, headerHash } from "@meshwork/protocol";
import type { Anchor } from "./anchor.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { verifyCertificate } from "./verify-certificate.ts";

/**
 * Follows the headers alone, as a relay does. It need not see every block: each certificate proves
 * its header by itself. Heights only rise, so nobody can show it an older state as the newest.
 */
export interface LightClient {
  ok: true;
  anchor: Anchor;
  /** The highest block that was proved; null before the first. */
  head: Header | null;
}

export const lightClientFrom = (anchor: Anchor): LightClient => ({ ok: true, anchor, head: null });

/** The client after this header, or why it stays where it is. */
export function follow(
  client: LightClient,
  block: { header: Header; certificate: Certificate },
): LightClient | Refusal {
  const { header } = block;
  const { head, anchor } = client;
  if (head !== null && header.height <= head.height)
    return refuse("NOT_NEWER", `block ${header.height} is not above ${head.height}`);
  const refusal = verifyCertificate(anchor, block);
  if (refusal !== null) return refusal;
  if (head !== null && !isAfter(header, head))
    return refuse("WRONG_PARENT", `block ${header.height} does not follow from ${head.height}`);
  return { ok: true, anchor, head: header };
}

function isAfter(header: Header, head: Header): boolean {
  const adjacent = header.height === head.height + 1;
  return (
    header.time > head.time &&
    header.activeTime >= head.activeTime &&
    (!adjacent || header.parent === headerHash(head))
  );
}
