import { digestBytesOf } from "@meshwork/crypto";
import { type Digest, fromHex, toHex } from "@meshwork/foundation";
import { EMPTY_SUBTREE, type StateProof } from "@meshwork/protocol";
import { bit, entries, get, isLeaf, type Leaf, put, remove, type Trie } from "./trie.ts";

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
    return toHex(hashOf(this.#root)) as Digest;
  }

  /** In the order of the keys. */
  entries(): Iterable<[key: string, value: V]> {
    return entries(this.#root);
  }

  /** The path of the record under `key`, or the proof that there is none. */
  prove(key: Digest): StateProof {
    const siblings: Digest[] = [];
    let node = this.#root;
    for (let depth = 0; node !== null && !isLeaf(node); depth++) {
      const [next, sibling]: [Trie<V>, Trie<V>] =
        bit(key, depth) === 0 ? [node.left, node.right] : [node.right, node.left];
      siblings.push(toHex(hashOf(sibling)) as Digest);
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

// The same bytes as `stateLeafHash`, `stateValueHash` and `stateBranchHash`, without going through hex.
function hashOf<V extends TreeValue>(node: Trie<V>): Uint8Array {
  if (node === null) return EMPTY;
  node.hash ??= isLeaf(node)
    ? digestBytesOf("meshwork/state-leaf/1", fromHex(node.key), valueHashOf(node))
    : digestBytesOf("meshwork/state-node/1", hashOf(node.left), hashOf(node.right));
  return node.hash;
}

const valueHashOf = <V extends TreeValue>(leaf: Leaf<V>): Uint8Array =>
  digestBytesOf("meshwork/state-value/1", leaf.value.bytes);
