import type { Certificate, Header } from "@meshwork/protocol";
import { followHandOvers, type HandOver, isFinal, type TrustRules } from "./hand-over.ts";
import type { Seats } from "./seats.ts";
import { type Head, hashIn } from "./toy-ledger.ts";
import { rootOfState, type ToyState } from "./toy-state.ts";

/** The state after a final block, and what proves it to someone who knows the genesis alone. */
export interface Snapshot {
  readonly header: Header;
  readonly certificate: Certificate;
  readonly handOvers: readonly HandOver[];
  readonly state: ToyState;
}

/** The head to go on from; null when the snapshot is refused. */
export function restore(
  snapshot: Snapshot,
  { genesis, knownHeight, rules }: { genesis: Seats; knownHeight: number; rules: TrustRules },
): Head | null {
  const { header, certificate, handOvers, state } = snapshot;
  const seats = followHandOvers(genesis, handOvers, rules);
  if (seats === null || !isFinal({ header, certificate }, seats, rules)) return null;
  if (!rules.isNewer(header, knownHeight)) return null;
  if (!rules.isStateOf(header, rootOfState(state))) return null;
  const { height, time } = header;
  return { height, time, state, certificate, hash: hashIn(certificate) };
}
