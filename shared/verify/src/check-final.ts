import {
  type Certificate,
  type Genesis,
  type HandOver,
  type Header,
  handOverChain,
} from "@meshwork/protocol";
import { type Anchor, anchorOf } from "./anchor.ts";
import { anchorAt, type NamedBlock } from "./checkpoint.ts";
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
  /** What leads from the anchor's epoch to where the shown hand-overs begin, parsed or as a file. @default nothing */
  handOver?: readonly HandOver[] | Uint8Array;
  /** A younger block that is trusted, among the hand-overs. One of a later epoch than the block's vouches not for it. */
  checkpoint?: NamedBlock | undefined;
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
  const { header } = shown;
  const handOvers = [...handOversIn(believed), ...shown.handOver];
  const anchor = youngest(anchorIn(believed), believed.checkpoint, { header, handOver: handOvers });
  if ("code" in anchor) return anchor;
  const sitting = followHandOvers(anchor, handOvers, header.epoch);
  if ("code" in sitting) return sitting;
  return verifyCertificate(sitting, shown) ?? anchor;
}

const handOversIn = ({ handOver = [] }: Believed): readonly HandOver[] =>
  handOver instanceof Uint8Array ? handOverChain.decode(handOver).handOvers : handOver;

function youngest(
  start: Anchor,
  checkpoint: NamedBlock | undefined,
  shown: { header: Header; handOver: readonly HandOver[] },
): Anchor | Refusal {
  if (checkpoint === undefined) return start;
  const anchor = anchorAt(start, checkpoint, shown);
  return "code" in anchor || anchor.epoch <= shown.header.epoch ? anchor : start;
}
