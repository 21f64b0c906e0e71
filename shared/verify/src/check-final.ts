import type { Certificate, Genesis, HandOver, Header } from "@meshwork/protocol";
import { type Anchor, anchorOf } from "./anchor.ts";
import { followHandOvers } from "./follow-hand-overs.ts";
import type { Refusal } from "./refusal.ts";
import { verifyCertificate } from "./verify-certificate.ts";

/** What a checker knows and believes before he looks. */
export interface Believed {
  /** The network that the checker means, in canonical bytes or parsed; or a younger anchor. */
  genesis: Genesis | Uint8Array | Anchor;
  /** The checker's clock, milliseconds since the Unix epoch. */
  now: number;
  /** How long keys are taken to stay in the right hands. @default 21 days */
  trustPeriodMs?: number;
  /** What leads from the anchor's epoch to where the shown hand-overs begin. @default nothing */
  handOver?: readonly HandOver[];
}

interface Final {
  header: Header;
  certificate: Certificate;
  handOver: readonly HandOver[];
}

export const anchorIn = ({ genesis }: Pick<Believed, "genesis">): Anchor =>
  "voteKeys" in genesis ? genesis : anchorOf(genesis);

/** Whether the block is final: the anchor that it was proved from, or why it is not. */
export function checkFinal(shown: Final, believed: Believed): Anchor | Refusal {
  const anchor = anchorIn(believed);
  const handOvers = [...(believed.handOver ?? []), ...shown.handOver];
  const sitting = followHandOvers(anchor, handOvers, shown.header.epoch);
  if ("code" in sitting) return sitting;
  return verifyCertificate(sitting, shown) ?? anchor;
}
