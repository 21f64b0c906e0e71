import { type Certificate, excludeEachOther, type Vote } from "@meshwork/protocol";

/** Two votes of one seat that exclude each other. Both signatures are valid: anyone can check. */
export interface Evidence {
  readonly seat: number;
  readonly first: Vote;
  readonly second: Vote;
}

/** N ≠ N, F ≠ F, or X with F, by one seat at one height and view. The ledger convicts by the same rule. */
export const contradict = excludeEachOther;

/** The seats that stand in two certificates which an honest seat cannot both have signed. */
export function evidenceBetween(a: Certificate, b: Certificate): Evidence[] {
  const second = new Map(votesOf(b).map((vote) => [vote.seat, vote]));
  return votesOf(a).flatMap((first) => {
    const other = second.get(first.seat);
    return other !== undefined && contradict(first, other)
      ? [{ seat: first.seat, first, second: other }]
      : [];
  });
}

/** A certificate is nothing but votes. */
export function votesOf(certificate: Certificate): Vote[] {
  return certificate.seats.flatMap((seat, i) => {
    const signature = certificate.signatures[i];
    return signature === undefined ? [] : [{ ballot: certificate.ballot, seat, signature }];
  });
}
