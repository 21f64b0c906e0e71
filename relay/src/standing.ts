import { BoundedMap, limits, type NodeId } from "@meshwork/foundation";
import type { Account } from "@meshwork/ledger";
import { type AskAccountParts, askAccount, WITNESSES } from "./ask-account.ts";

/** `unknown`: no block of the ledger was seen yet, as while the network starts. */
export type Standing = "member" | "stranger" | "barred" | "unknown";

export interface StandingParts extends AskAccountParts {
  connected: () => readonly NodeId[];
}

/**
 * How far behind the newest header a proof may be: a witness that follows the ledger is a few blocks behind,
 * and what it shows has travelled for a second or two.
 */
const BLOCKS_OLD = 64;
/** For so long an answer holds; a stranger may have registered a moment later. */
const KNOWN_MS: Record<Standing, number> = {
  ...{ member: 60_000, barred: 600_000, stranger: 5_000, unknown: 1_000 },
};

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
  parts: StandingParts,
  witness: NodeId,
  node: NodeId,
): Promise<{ standing: Standing; height: number } | null> {
  const shown = await askAccount(parts, witness, node);
  if (shown === null) return null;
  const { height } = shown;
  const standing = standingIn(shown.account);
  const isRecent = height >= parts.headers.height - BLOCKS_OLD;
  return isRecent || standing === "barred" ? { standing, height } : null;
}

function standingIn(account: Account | null): Standing {
  if (account === null) return "stranger";
  return account.barred === null ? "member" : "barred";
}
