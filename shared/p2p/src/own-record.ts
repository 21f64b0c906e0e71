import type { Clock } from "@meshwork/foundation";
import type { NodeRecord } from "@meshwork/protocol";
import type { Identity } from "./identity.ts";

/** Signing costs a quarter of a millisecond, and each new record makes others forget the last. */
const REUSE_MS = 3_600_000;

/** What this node says of itself: signed anew when its addresses change, and every hour. */
export function ownRecordSource(
  parts: { identity: Identity; clock: Clock },
  addresses: () => readonly string[],
): () => NodeRecord {
  let last: { record: NodeRecord; addresses: string; at: number } | undefined;
  return () => {
    const current = addresses();
    const key = current.join();
    const now = parts.clock.now();
    if (last === undefined || last.addresses !== key || now - last.at > REUSE_MS)
      last = { record: parts.identity.recordAt(current), addresses: key, at: now };
    return last.record;
  };
}
