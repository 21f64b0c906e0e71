import { BoundedMap, type Clock, limits, type NodeId, utf8 } from "@meshwork/foundation";
import { readAccount } from "@meshwork/ledger";
import type { P2p } from "@meshwork/p2p";
import { requestNames, stateClaim } from "@meshwork/protocol";
import { verifyState } from "@meshwork/verify";
import type { HeaderFollower } from "./follow-headers.ts";

/** `unknown`: no block of the ledger was seen yet, as while the network starts. */
export type Standing = "member" | "stranger" | "barred" | "unknown";

export interface StandingParts {
  headers: Pick<HeaderFollower, "height" | "anchorOf">;
  messaging: Pick<P2p["messaging"], "request">;
  connected: () => readonly NodeId[];
  clock: Clock;
}

/** How far behind the newest header a proof may be: minutes, with blocks as fast as they can be made. */
const BLOCKS_OLD = 1_000;
/** Asked one after the other. */
const WITNESSES = 3;
const PATIENCE_MS = 2_000;
/** For so long an answer holds; a stranger may have registered a moment later. */
const KNOWN_MS: Record<Standing, number> = {
  ...{ member: 60_000, barred: 600_000, stranger: 5_000, unknown: 1_000 },
};

/**
 * What the ledger says of a node: any peer is asked, itself first, and only what is proved under a header
 * that a quorum signed counts. Of whom nobody can show anything is a stranger.
 */
export function standings(parts: StandingParts): (of: NodeId) => Promise<Standing> {
  const known = new BoundedMap<NodeId, { standing: Promise<Standing>; until: number }>(
    limits.sendersKept,
  );
  const look = async (node: NodeId): Promise<Standing> => {
    if (parts.headers.height === 0) return "unknown";
    const witnesses = [node, ...parts.connected().filter((peer) => peer !== node)];
    for (const witness of witnesses.slice(0, WITNESSES)) {
      const standing = await ask(parts, witness, node);
      if (standing !== null) return standing;
    }
    return "stranger";
  };
  return (node) => {
    const now = parts.clock.monotonic();
    const found = known.get(node);
    if (found && found.until > now) return found.standing;
    const entry = { standing: look(node), until: Infinity };
    known.set(node, entry);
    entry.standing.then((standing) => {
      entry.until = parts.clock.monotonic() + KNOWN_MS[standing];
    });
    return entry.standing;
  };
}

/** Null: this witness has shown nothing that counts. */
async function ask(
  { headers, messaging, clock }: StandingParts,
  witness: NodeId,
  node: NodeId,
): Promise<Standing | null> {
  try {
    const bytes = await messaging.request(witness, requestNames.account, utf8(node), {
      timeoutMs: PATIENCE_MS,
    });
    const claim = stateClaim.decode(bytes);
    const { header, kind, id, value } = claim;
    const anchor = headers.anchorOf(header.epoch);
    if (anchor === null || kind !== "account" || id !== node) return null;
    if (header.height < headers.height - BLOCKS_OLD) return null;
    if (!verifyState({ ...claim, handOver: [] }, { genesis: anchor, now: clock.now() }).ok)
      return null;
    if (value === null) return "stranger";
    return readAccount(value).barred === null ? "member" : "barred";
  } catch {
    return null;
  }
}
