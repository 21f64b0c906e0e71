import { digestBytesOf } from "@meshwork/crypto";
import { assert, type Digest, fromHex, toHex } from "@meshwork/foundation";
import { EMPTY_SUBTREE, keyBit, type SnapshotLeaf } from "@meshwork/protocol";

/** A finished subtree. A single leaf stands wherever there is no other; a branch has its place. */
interface Subtree {
  readonly hash: Uint8Array;
  /** Of any leaf in it. */
  readonly key: Digest;
  /** How deep a branch stands; null for a leaf. */
  readonly depth: number | null;
}

/** A left subtree that waits for what comes at its right. */
interface Waiting {
  readonly left: Subtree;
  /** Of the branch that will hold both. */
  readonly depth: number;
}

const EMPTY = fromHex(EMPTY_SUBTREE);
const KEY_BITS = 256;

/**
 * The root of the tree that `protocol/state-proof` describes, from its leaves in the order of their keys. It
 * holds one hash a level and no leaf: a state is known to be the right one before any of it is kept.
 */
export class RootFold {
  /** From the root downward, each deeper than the one before. */
  readonly #waiting: Waiting[] = [];
  #last: Subtree | null = null;

  /** @param leaf of a greater key than all before */
  add({ key, value }: SnapshotLeaf): void {
    // What a store keeps begins with the tag of its kind, which the tree knows by the key alone.
    const valueHash = digestBytesOf("meshwork/state-value/1", value.subarray(1));
    const hash = digestBytesOf("meshwork/state-leaf/1", fromHex(key), valueHash);
    if (this.#last !== null) {
      assert(key > this.#last.key, "leaves come in the order of their keys");
      const depth = sharedBits(this.#last.key, key);
      this.#waiting.push({ left: this.#closed(depth), depth });
    }
    this.#last = { hash, key, depth: null };
  }

  root(): Digest {
    return toHex(this.#last === null ? EMPTY : lifted(this.#closed(-1), 0)) as Digest;
  }

  /** The newest subtree with all that waits for it below this depth. */
  #closed(depth: number): Subtree {
    let right = this.#last;
    assert(right !== null, "there is a leaf");
    for (;;) {
      const top = this.#waiting.at(-1);
      if (top === undefined || top.depth <= depth) return right;
      this.#waiting.pop();
      right = branch(top, right);
    }
  }
}

function branch({ left, depth }: Waiting, right: Subtree): Subtree {
  const hash = nodeHash(lifted(left, depth + 1), lifted(right, depth + 1));
  return { hash, key: right.key, depth };
}

/** Its hash at a higher place: between the two a branch has nothing at its other side. */
function lifted({ hash, key, depth }: Subtree, to: number): Uint8Array {
  let at = hash;
  for (let level = (depth ?? to) - 1; level >= to; level--)
    at = keyBit(key, level) === 0 ? nodeHash(at, EMPTY) : nodeHash(EMPTY, at);
  return at;
}

function sharedBits(one: Digest, other: Digest): number {
  let bits = 0;
  while (bits < KEY_BITS && one[bits >> 2] === other[bits >> 2]) bits += 4;
  while (bits < KEY_BITS && keyBit(one, bits) === keyBit(other, bits)) bits++;
  return bits;
}

const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  digestBytesOf("meshwork/state-node/1", left, right);
