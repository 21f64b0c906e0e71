import { type Certificate, type HandOver, type Header, headerHash } from "@meshwork/protocol";
import { type Anchor, trustIn } from "./anchor.ts";
import { followHandOver } from "./follow-hand-overs.ts";
import { type Refusal, refuse } from "./refusal.ts";
import { verifyCertificate } from "./verify-certificate.ts";

/**
 * Follows the headers alone, as a relay does. It need not see every block: each certificate proves
 * its header by itself; but it must see how each epoch hands over to the next. Heights only rise, so
 * nobody can show it an older state as the newest.
 */
export interface LightClient {
  ok: true;
  /** Whose certificates it believes: the committee of the epoch that it has reached. */
  anchor: Anchor;
  /** The highest block that was proved; null before the first. */
  head: Header | null;
}

/** What a light client is shown: a block, or the end of an epoch. */
export type Shown = { header: Header; certificate: Certificate } | { handOver: HandOver };

export const lightClientFrom = (anchor: Anchor): LightClient => ({ ok: true, anchor, head: null });

/**
 * The client after what it was shown, or why it stays where it is.
 * @param options.now the client's clock, if it follows the chain while it is made: as long as it does so
 * within the trust period, its anchor grows young again with each epoch.
 */
export function follow(
  client: LightClient,
  shown: Shown,
  options: { now?: number } = {},
): LightClient | Refusal {
  const block = "handOver" in shown ? shown.handOver : shown;
  const { header } = block;
  const { head, anchor } = client;
  // The end of an epoch may have been seen before as a block like any other.
  const isKnown = head !== null && headerHash(head) === headerHash(header) && "handOver" in shown;
  if (!isKnown && head !== null && header.height <= head.height)
    return refuse("NOT_NEWER", `block ${header.height} is not above ${head.height}`);
  const next =
    "handOver" in shown
      ? followHandOver(anchor, shown.handOver)
      : (verifyCertificate(anchor, block) ?? anchor);
  if ("code" in next) return next;
  if (!isKnown && head !== null && !isAfter(header, head))
    return refuse("WRONG_PARENT", `block ${header.height} does not follow from ${head.height}`);
  return { ok: true, anchor: renewed(next, header, options.now), head: header };
}

function isAfter(header: Header, head: Header): boolean {
  const adjacent = header.height === head.height + 1;
  return (
    header.time > head.time &&
    header.activeTime >= head.activeTime &&
    (!adjacent || header.parent === headerHash(head))
  );
}

function renewed(anchor: Anchor, { time }: Header, now: number | undefined): Anchor {
  const isLive = now !== undefined && trustIn(anchor, { now }) === "valid";
  return isLive ? { ...anchor, time: Math.max(anchor.time, Math.min(time, now)) } : anchor;
}
