import type { BlockHash } from "@meshwork/foundation";
import { StorageError } from "./storage-error.ts";

/** A point of a chain that somebody wrote down elsewhere: what the block at `height` was. */
export interface Anchor {
  readonly height: number;
  readonly hash: BlockHash;
}

/**
 * Anchors of one chain, each height once, for ever; and a head that only rises. An anchor is a hint
 * of what is available and a witness against a second history; it is never proof of a block.
 */
export interface AnchorStore {
  /** Durable when it resolves. The same anchor again is no error. @throws StorageError `ANCHOR_CONFLICT` */
  append(anchor: Anchor): Promise<void>;
  at(height: number): Promise<Anchor | null>;
  head(): Promise<Anchor | null>;
  /**
   * Moves the head to an appended anchor if it still is `expected` and `next` is higher. False: somebody
   * else moved it, or `next` is not ahead; read `head` again. Two writers never both get true.
   */
  compareAndSetHead(expected: Anchor | null, next: Anchor): Promise<boolean>;
  close(): Promise<void>;
}

export const anchorConflict = (known: Anchor, anchor: Anchor) =>
  new StorageError(
    "ANCHOR_CONFLICT",
    `height ${anchor.height} is anchored as ${known.hash}, not as ${anchor.hash}: two histories exist; find out who signed the other`,
    { detail: { known, anchor } },
  );
