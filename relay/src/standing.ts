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

/**
 * How far behind the newest header a proof may be: a witness that follows the ledger is a few blocks behind,
 * and what it shows has travelled for a second or two.
 */
const BLOCKS_OLD = 64;
/** Others that are asked beside the node itself, all at once. */
const WITNESSES = 3;
const PATIENCE_MS = 2_000;
/** For so long an answer holds; a stranger may have registered a moment later. */
const KNOWN_MS: Record<Standing, number> = {
  ...{ member: 60_000, barred: 600_000, stranger: 5_000, unknown: 1_000 },
};

/** What a witness has proved, and the block of which it is true. */
interface Shown {
  readonly standing: Standing;
  readonly height: number;
}

/**
 * What the ledger says of a node: others are asked, and it itself, and only what is proved under a recent
 * header that a quorum signed counts. Of several the newest; but who is barred is so for good, so that he
 * gains nothing by showing an older account. Of whom nobody can show anything is a stranger.
 */
export function standings(parts: StandingParts): (of: NodeId) => Promise<Standing> {
  const known = new BoundedMap<NodeId, { standing: Promise<Standing>; until: number }>(
    limits.sendersKept,
  );
  const look = async (node: NodeId): Promise<Standing> => {
    if (parts.headers.height === 0) return "unknown";
    const others = parts.connected().filter((peer) => peer !== node);
    const witnesses = [...others.slice(0, WITNESSES), node];
    const answers = await Promise.all(witnesses.map((witness) => ask(parts, witness, node)));
    const shown = answers.filter((answer) => answer !== null);
    if (shown.some(({ standing }) => standing === "barred")) return "barred";
    const [newest] = shown.toSorted((a, b) => b.height - a.height);
    return newest?.standing ?? "stranger";
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
): Promise<Shown | null> {
  try {
    const bytes = await messaging.request(witness, requestNames.account, utf8(node), {
      timeoutMs: PATIENCE_MS,
    });
    const claim = stateClaim.decode(bytes);
    const { header, kind, id, value } = claim;
    const anchor = headers.anchorOf(header.epoch);
    if (anchor === null || kind !== "account" || id !== node) return null;
    if (!verifyState({ ...claim, handOver: [] }, { genesis: anchor, now: clock.now() }).ok)
      return null;
    const standing = standingIn(value);
    const isRecent = header.height >= headers.height - BLOCKS_OLD;
    return isRecent || standing === "barred" ? { standing, height: header.height } : null;
  } catch {
    return null;
  }
}

function standingIn(account: Uint8Array | null): Standing {
  if (account === null) return "stranger";
  return readAccount(account).barred === null ? "member" : "barred";
}
