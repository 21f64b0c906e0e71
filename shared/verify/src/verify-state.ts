import { type StateClaim, stateClaim, stateKey, verifyStateProof } from "@meshwork/protocol";
import { type Trust, trustIn } from "./anchor.ts";
import { type Believed, checkFinal } from "./check-final.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** What a claim proves: that this record stood in the state after that block, or that none did. */
export interface VerifiedState extends Pick<StateClaim, "kind" | "id" | "value"> {
  ok: true;
  height: number;
  time: number;
  trust: Trust;
}

/**
 * A record of the ledger, or its absence. A claim is as old as its block: whoever wants the newest state
 * compares the height with a head that he follows.
 */
export function verifyState(
  source: StateClaim | Uint8Array,
  believed: Believed,
): VerifiedState | Refusal {
  const claim = source instanceof Uint8Array ? decode(source) : source;
  if (claim === null)
    return refuse("NOT_A_CLAIM", "these bytes are not the canonical form of a state claim");
  const { kind, id, value, path, header } = claim;
  if (!verifyStateProof(header.stateRoot, stateKey(kind, id), value, path))
    return refuse(
      "NOT_IN_STATE",
      `the path does not lead from ${value === null ? "the absence of" : "this"} ${kind} ${id} to ${header.stateRoot}`,
    );
  const anchor = checkFinal(claim, believed);
  if ("code" in anchor) return anchor;
  const { height, time } = header;
  return { ok: true, kind, id, value, height, time, trust: trustIn(anchor, believed) };
}

function decode(bytes: Uint8Array): StateClaim | null {
  try {
    return stateClaim.decode(bytes);
  } catch {
    return null;
  }
}
