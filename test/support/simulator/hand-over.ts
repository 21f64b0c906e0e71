import type { Certificate, Header } from "@meshwork/protocol";
import { hashOfSeats, type Seats } from "./seats.ts";
import { hashHeader } from "./toy-ledger.ts";

/** The last block of an epoch, and the committee that it hands over to. */
export interface HandOver {
  readonly header: Header;
  readonly certificate: Certificate;
  readonly next: Seats;
}

/** How whoever was not there makes sure of what he is told; to be broken one by one. */
export interface TrustRules {
  /** A committee comes by the word of the one before. */
  isAnnounced(header: Header, next: Seats): boolean;
  /** Nobody is led back to an older state. */
  isNewer(header: Header, knownHeight: number): boolean;
  /** What a snapshot holds is what the header names. */
  isStateOf(header: Header, root: string): boolean;
  isCertified(certificate: Certificate, seats: Seats): boolean;
}

export const trustRulesBy = (
  isCertified: (certificate: Certificate, seats: Seats) => boolean,
): TrustRules => ({
  isAnnounced: (header, next) =>
    header.nextCommitteeHash === next.hash && hashOfSeats(next) === next.hash,
  isNewer: (header, knownHeight) => header.height > knownHeight,
  isStateOf: (header, root) => header.stateRoot === root,
  isCertified,
});

/** The committee at the end of the chain; null when a link does not hold. */
export function followHandOvers(
  from: Seats,
  links: readonly HandOver[],
  rules: TrustRules,
): Seats | null {
  let seats = from;
  for (const { header, certificate, next } of links) {
    // Whoever knows some of the chain skips what he knows.
    if (next.epoch <= seats.epoch) continue;
    if (!isFinal({ header, certificate }, seats, rules)) return null;
    if (next.epoch !== seats.epoch + 1 || !rules.isAnnounced(header, next)) return null;
    seats = next;
  }
  return seats;
}

/** Whether the committee made this very header final. */
export function isFinal(
  { header, certificate }: { header: Header; certificate: Certificate },
  seats: Seats,
  rules: TrustRules,
): boolean {
  const { kind, epoch, height, blockHash } = certificate.ballot;
  return (
    kind === "F" &&
    epoch === seats.epoch &&
    header.epoch === seats.epoch &&
    header.committeeHash === seats.hash &&
    height === header.height &&
    blockHash === hashHeader(header) &&
    rules.isCertified(certificate, seats)
  );
}
