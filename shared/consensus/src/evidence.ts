import type { Certificate, Vote } from "@meshwork/protocol";

/** Two votes of one seat that exclude each other. Both signatures are valid: anyone can check. */
export interface Evidence {
  readonly seat: number;
  readonly first: Vote;
  readonly second: Vote;
}

/** N ≠ N, F ≠ F, or X with F, by one seat at one height and view. Nothing else is a crime. */
export function contradict(a: Vote, b: Vote): boolean {
  const [one, other] = [a.ballot, b.ballot];
  if (
    a.seat !== b.seat ||
    one.epoch !== other.epoch ||
    one.height !== other.height ||
    one.view !== other.view
  )
    return false;
  if (one.kind === other.kind) return one.blockHash !== other.blockHash;
  return one.kind !== "N" && other.kind !== "N";
}

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
