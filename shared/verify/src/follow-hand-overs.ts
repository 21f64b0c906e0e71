import { committeeHash, type HandOver, voteKeysOf } from "@meshwork/protocol";
import type { Anchor } from "./anchor.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { verifyCertificate } from "./verify-certificate.ts";

/**
 * The committee of a later epoch, from the one that is known: each hands over to the next. What lies
 * before the known epoch is passed over, so that one chain serves every anchor.
 * The time stays that of the anchor: a chain is no younger than the keys that it begins with.
 * @param to the epoch that is wanted. Hand-overs beyond it are passed over too.
 */
export function followHandOvers(
  anchor: Anchor,
  handOvers: readonly HandOver[],
  to: number = Infinity,
): Anchor | Refusal {
  let known = anchor;
  for (const handOver of handOvers) {
    const { epoch } = handOver.header;
    if (epoch < known.epoch || epoch >= to) continue;
    const next = followHandOver(known, handOver);
    if ("code" in next) return next;
    known = next;
  }
  return known;
}

export function followHandOver(anchor: Anchor, handOver: HandOver): Anchor | Refusal {
  const { header, committee } = handOver;
  const { chainId, time } = anchor;
  // The hash comes before the signatures, so that a forgery is cheap to refuse.
  if (header.nextCommitteeHash !== committeeHash(committee) || committee.epoch !== header.epoch + 1)
    return refuse(
      "WRONG_COMMITTEE",
      `header ${header.height} names ${header.nextCommitteeHash} as the committee of epoch ${header.epoch + 1}, not this one`,
    );
  const refusal = verifyCertificate(anchor, handOver);
  if (refusal !== null) return refusal;
  return { chainId, epoch: committee.epoch, voteKeys: voteKeysOf(committee), time };
}
