import { type Clock, type NodeId, utf8 } from "@meshwork/foundation";
import { type Account, readAccount } from "@meshwork/ledger";
import type { P2p } from "@meshwork/p2p";
import { requestNames, stateClaim } from "@meshwork/protocol";
import { verifyState } from "@meshwork/verify";
import type { HeaderFollower } from "./follow-headers.ts";

export interface AskAccountParts {
  headers: Pick<HeaderFollower, "height" | "anchorOf">;
  messaging: Pick<P2p["messaging"], "request">;
  clock: Clock;
}

/** Others that are asked for one node's account, all at once. */
export const WITNESSES = 3;
const PATIENCE_MS = 2_000;

/** What a witness has proved, and the block of which it is true. */
export interface ShownAccount {
  /** Null: the ledger knows no such account. */
  readonly account: Account | null;
  readonly height: number;
}

/** A node's account as a witness shows it; null: he has shown nothing that counts. */
export async function askAccount(
  { headers, messaging, clock }: AskAccountParts,
  witness: NodeId,
  node: NodeId,
): Promise<ShownAccount | null> {
  try {
    const bytes = await messaging.request(witness, requestNames.account, utf8(node), {
      timeoutMs: PATIENCE_MS,
    });
    const claim = stateClaim.decode(bytes);
    const { header, kind, id, value } = claim;
    const anchor = headers.anchorOf(header.epoch);
    if (anchor === null || kind !== "account" || id !== node) return null;
    const believed = { genesis: anchor, now: clock.now() };
    if (!verifyState({ ...claim, handOver: [] }, believed).ok) return null;
    return { account: value && readAccount(value), height: header.height };
  } catch {
    return null;
  }
}
