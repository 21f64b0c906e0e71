import { digestBytesOf } from "@meshwork/crypto";
import { type Digest, fromHex, toHex } from "@meshwork/foundation";
import { EMPTY_SUBTREE, type StateProof } from "@meshwork/protocol";
import {
  type Branch,
  bit,
  entries,
  get,
  isLeaf,
  type Leaf,
  put,
  remove,
  type Trie,
} from "./trie.ts";

/** What the tree commits to: a record's canonical bytes, made when they are first asked for. */
export interface TreeValue {
  readonly bytes: Uint8Array;
}

/**
 * The compact sparse Merkle tree that `protocol/state-proof` verifies. It never changes: `put` and
 * `delete` give another tree. Hashes are computed when a root or a proof is asked for, once a node.
 */
export class StateTree<V extends TreeValue> {
  readonly #root: Trie<V>;

  private constructor(root: Trie<V>) {
    this.#root = root;
  }

  static empty<V extends TreeValue>(): StateTree<V> {
    return new StateTree<V>(null);
  }

  get(key: Digest): V | undefined {
    return get(this.#root, key);
  }

  put(key: Digest, value: V): StateTree<V> {
    return new StateTree(put(this.#root, key, value));
  }

  delete(key: Digest): StateTree<V> {
    const root = remove(this.#root, key);
    return root === this.#root ? this : new StateTree(root);
  }

  root(): Digest {
    return toHex(hashAt(this.#root, 0)) as Digest;
  }

  /** In the order of the keys. */
  entries(): Iterable<[key: string, value: V]> {
    return entries(this.#root);
  }

  /** The path of the record under `key`, or the proof that there is none. */
  prove(key: Digest): StateProof {
    const siblings: Digest[] = [];
    const beside = (node: Trie<V>) =>
      siblings.push(toHex(hashAt(node, siblings.length + 1)) as Digest);
    let node = this.#root;
    while (node !== null && !isLeaf(node)) {
      const at = siblings.length;
      const isHere = at === node.depth;
      // Above a branch all keys below it go one way, and nothing stands on the other.
      const isAside = !isHere && bit(key, at) !== bit(node.key, at);
      const [next, sibling]: [Trie<V>, Trie<V>] = isHere
        ? bit(key, at) === 0
          ? [node.left, node.right]
          : [node.right, node.left]
        : isAside
          ? [null, node]
          : [node, null];
      beside(sibling);
      node = next;
    }
    const other = node === null || node.key === key ? null : standIn(node);
    return { siblings, other };
  }
}

const standIn = <V extends TreeValue>(leaf: Leaf<V>): StateProof["other"] => ({
  key: leaf.key as Digest,
  valueHash: toHex(valueHashOf(leaf)) as Digest,
});

const EMPTY = fromHex(EMPTY_SUBTREE);

/**
 * Of the subtree as it stands at this depth. The tree that is hashed has a branch for every bit that the keys
 * below a subtree share, with nothing on its other side.
 */
function hashAt<V extends TreeValue>(node: Trie<V>, depth: number): Uint8Array {
  if (node === null) return EMPTY;
  node.hash ??= isLeaf(node) ? leafHash(node) : branchHash(node);
  let hash = node.hash;
  if (!isLeaf(node))
    for (let at = node.depth - 1; at >= depth; at--)
      hash = bit(node.key, at) === 0 ? pairHash(hash, EMPTY) : pairHash(EMPTY, hash);
  return hash;
}

// The same bytes as `stateLeafHash`, `stateValueHash` and `stateBranchHash`, without going through hex.
const leafHash = <V extends TreeValue>(leaf: Leaf<V>): Uint8Array =>
  digestBytesOf("meshwork/state-leaf/1", fromHex(leaf.key), valueHashOf(leaf));

const branchHash = <V extends TreeValue>({ left, right, depth }: Branch<V>): Uint8Array =>
  pairHash(hashAt(left, depth + 1), hashAt(right, depth + 1));

const pairHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  digestBytesOf("meshwork/state-node/1", left, right);

const valueHashOf = <V extends TreeValue>(leaf: Leaf<V>): Uint8Array =>
  digestBytesOf("meshwork/state-value/1", leaf.value.bytes);
