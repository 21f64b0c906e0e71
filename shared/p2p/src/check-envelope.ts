import { type ChainId, type Clock, limits, type NodeId } from "@meshwork/foundation";
import { type Envelope, isBatchSigned, isInBatch, payloadHashOf } from "@meshwork/protocol";
import { type Admission, isKeyOf } from "./check-record.ts";
import type { EnvelopeRefusal } from "./errors.ts";

export interface EnvelopeContext {
  chainId: ChainId;
  self: NodeId;
  admission: Admission;
  clock: Clock;
}

/** How a message came: over the channel of a node that the hello named, or through gossip. */
export type Arrival = { via: "channel"; nodeId: NodeId } | { via: "gossip" };

export type CheckEnvelope = (
  envelope: Envelope,
  payload: Uint8Array,
  arrival: Arrival,
) => EnvelopeRefusal | null;

/** Batches whose signature was checked lately: their other messages need no second look. */
const BATCHES_KEPT = 1_024;

/** Null for a message that its sender means for this node, now. Cheap checks come first. */
export function envelopeChecker(context: EnvelopeContext): CheckEnvelope {
  const isSigned = cachedBatchCheck();
  return (envelope, payload, arrival) => {
    const { header } = envelope;
    if (header.chainId !== context.chainId) return "ENVELOPE_OTHER_NETWORK";
    const direct = arrival.via === "channel";
    if (direct && header.from !== arrival.nodeId) return "ENVELOPE_WRONG_SENDER";
    if (direct !== (header.kind !== "broadcast")) return "ENVELOPE_MALFORMED";
    if (header.to !== (direct ? context.self : null)) return "ENVELOPE_WRONG_RECIPIENT";
    const now = context.clock.now();
    if (header.sent > now + limits.clockSkewMs) return "ENVELOPE_FROM_FUTURE";
    if (header.sent + header.ttlMs < now - limits.clockSkewMs) return "ENVELOPE_EXPIRED";
    if (payloadHashOf(payload) !== header.payloadHash) return "ENVELOPE_WRONG_PAYLOAD";
    if (!isKeyOf(context.admission, header.from, header.publicKey)) return "ENVELOPE_WRONG_KEY";
    if (context.admission.isBlacklisted(header.from)) return "ENVELOPE_BLACKLISTED";
    return isInBatch(envelope) && isSigned(envelope) ? null : "ENVELOPE_BAD_SIGNATURE";
  };
}

/** Who can have made it only by lying, not by a slow clock or a stale view. */
export const isForgery = (code: string): boolean => FORGERIES.has(code);
const FORGERIES: ReadonlySet<string> = new Set<EnvelopeRefusal>([
  "ENVELOPE_MALFORMED",
  "ENVELOPE_BAD_SIGNATURE",
  "ENVELOPE_WRONG_SENDER",
  "ENVELOPE_WRONG_PAYLOAD",
]);

function cachedBatchCheck(): (envelope: Envelope) => boolean {
  const good = new Set<string>();
  return (envelope) => {
    const { batch, header, signature } = envelope;
    const name = `${header.publicKey}${batch.root}${batch.count}${signature}`;
    if (good.has(name)) return true;
    if (!isBatchSigned(header.publicKey, envelope)) return false;
    if (batch.count === 1) return true;
    good.add(name);
    for (const oldest of good) {
      if (good.size <= BATCHES_KEPT) break;
      good.delete(oldest);
    }
    return true;
  };
}
