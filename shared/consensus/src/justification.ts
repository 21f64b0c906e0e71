import { type BlockHash, limits } from "@meshwork/foundation";
import type { Certificate, Justification, Proposal } from "@meshwork/protocol";

/** The N- and X-certificates of one height that this node holds. */
export interface Certificates {
  of(kind: "N" | "X", view: number): Certificate | null;
}

/**
 * A proposal carries its highest nullifications only, so that it stays small. A node that lacks the
 * lower ones gets them by repair; were all of them carried, a height could wedge at the bound.
 */
export const CARRIED_NULLIFICATIONS = limits.carriedNullifications;

/**
 * Rule 3, for the leader: from view − 1 downward to the highest notarized view (a), or through
 * nullified views to the bottom (b). Null while a certificate on that way is missing.
 *
 * A view with both certificates counts as notarized, unless its block is not at hand: both ways are
 * safe, and a leader that waits for a lost block is worth nothing.
 */
export function justify(
  view: number,
  held: Certificates,
  holdsBlock: (hash: BlockHash) => boolean,
): Justification | null {
  const nullified: Certificate[] = [];
  for (let below = view - 1; below >= 0; below--) {
    const notarized = held.of("N", below);
    const nullification = held.of("X", below);
    const hash = notarized?.ballot.blockHash;
    if (notarized && hash && (!nullification || holdsBlock(hash)))
      return { notarized, nullified: nullified.slice(0, CARRIED_NULLIFICATIONS) };
    if (!nullification) return null;
    nullified.push(nullification);
  }
  return { notarized: null, nullified: nullified.slice(0, CARRIED_NULLIFICATIONS) };
}

/**
 * Rule 3, for the voter, once the certificates carried by the proposal are among those held: (a)
 * the block notarized in some view u < v and X-certificates of all views in (u, v), or (b)
 * X-certificates of all views below v.
 */
export function isJustified(proposal: Proposal, held: Certificates): boolean {
  const { view, blockHash } = proposal.vote.ballot;
  const { notarized } = proposal.justification;
  let from = 0;
  if (notarized !== null) {
    const { view: below } = notarized.ballot;
    if (below >= view || held.of("N", below)?.ballot.blockHash !== blockHash) return false;
    from = below + 1;
  }
  for (let below = from; below < view; below++) if (!held.of("X", below)) return false;
  return true;
}

/** The highest view above which I could justify a proposal: what a Status tells as `certified`. */
export function certifiedUpTo(view: number, held: Certificates): number {
  let top = view - 1;
  for (let below = view - 1; below >= 0; below--) {
    if (held.of("N", below)) return top;
    if (!held.of("X", below)) top = below - 1;
  }
  return top;
}

/** Rule 10: what a peer lacks on the way down from my view; the lowest first, for he climbs. */
export function certificatesAbove(
  certified: number,
  view: number,
  held: Certificates,
): Certificate[] {
  const lacked: Certificate[] = [];
  for (let below = view - 1; below > certified; below--) {
    const notarized = held.of("N", below);
    const certificate = notarized ?? held.of("X", below);
    if (certificate) lacked.push(certificate);
    if (notarized) break;
  }
  return lacked.reverse().slice(0, CARRIED_NULLIFICATIONS);
}
