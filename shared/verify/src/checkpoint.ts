import { type BlockHash, blockHash } from "@meshwork/foundation";
import { type HandOver, type Header, headerHash } from "@meshwork/protocol";
import { type Anchor, anchorOfCheckpoint } from "./anchor.ts";
import { type Refusal, refuse } from "./refusal.ts";

/** A block that somebody who is trusted has named: the last of an epoch, or the very one that is shown. */
export interface NamedBlock {
  readonly height: number;
  readonly hash: BlockHash;
}

const TEXT = /^(\d{1,15}):([0-9a-f]{64})$/;

/** As an operator passes it on: `HEIGHT:HASH`. Null for what is none. */
export function checkpointFromText(text: string): NamedBlock | null {
  const [, height, hash] = TEXT.exec(text.trim()) ?? [];
  return height === undefined ? null : { height: Number(height), hash: blockHash.parse(hash) };
}

export const checkpointText = (header: Header): string => `${header.height}:${headerHash(header)}`;

/**
 * The anchor at a named block, from what anybody shows of the chain. Its hash names the committee of its epoch and
 * the next, so that nothing before it is believed, and its time is that of the keys.
 * @param start of the same network
 */
export function anchorAt(
  start: Anchor,
  named: NamedBlock,
  { header, handOver }: { header: Header; handOver: readonly HandOver[] },
): Anchor | Refusal {
  const known = [...handOver.map((one) => one.header), header];
  const found = known.find(({ height }) => height === named.height);
  if (found === undefined)
    return refuse(
      "NO_CHECKPOINT",
      `block ${named.height} is neither the end of an epoch that is shown, nor the block itself`,
    );
  if (headerHash(found) !== named.hash)
    return refuse("WRONG_CHECKPOINT", `block ${named.height} is not ${named.hash}`);
  if (found.chainId !== start.chainId)
    return refuse("WRONG_CHAIN", `the checkpoint is of network ${found.chainId}`);
  const committee = handOver.find((one) => one.committee.epoch === found.epoch)?.committee;
  if (committee !== undefined) return anchorOfCheckpoint({ header: found, committee });
  // The first epoch's committee is the genesis's, which its network's name covers.
  return found.epoch === start.epoch
    ? { ...start, time: found.time }
    : refuse("NO_CHECKPOINT", `the hand-over to epoch ${found.epoch} is not shown`);
}
