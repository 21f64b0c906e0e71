import { assert } from "@meshwork/foundation";

/**
 * A persistent binary trie over keys in lower-case hex, all of one length. Every change makes a new
 * root and shares all that did not change, so that a speculative state costs only what differs, and
 * is thrown away for free. Branches stand only where keys part: keys that begin alike, as those of an
 * agenda do, lie no deeper than others.
 */
export interface Leaf<V> {
  readonly key: string;
  readonly value: V;
  /** Filled by `state-tree` when first asked for; never changes. */
  hash: Uint8Array | null;
}
export interface Branch<V> {
  /** Some key that is or was below: all that are have its bits before `depth`. */
  readonly key: string;
  /** The first bit in which the keys below differ. */
  readonly depth: number;
  readonly left: Subtree<V>;
  readonly right: Subtree<V>;
  hash: Uint8Array | null;
}
type Subtree<V> = Leaf<V> | Branch<V>;
export type Trie<V> = Subtree<V> | null;

export const isLeaf = <V>(node: Subtree<V>): node is Leaf<V> => "value" in node;

export function get<V>(root: Trie<V>, key: string): V | undefined {
  if (root === null) return undefined;
  const leaf = nearest(root, key);
  return leaf.key === key ? leaf.value : undefined;
}

export function put<V>(root: Trie<V>, key: string, value: V): Trie<V> {
  const leaf = { key, value, hash: null };
  return root === null ? leaf : putBelow(root, leaf, firstDifference(nearest(root, key).key, key));
}

export function remove<V>(root: Trie<V>, key: string): Trie<V> {
  return root === null ? null : removeBelow(root, key);
}

/** In the order of the keys. */
export function* entries<V>(root: Trie<V>): Generator<[key: string, value: V]> {
  const ahead: Trie<V>[] = [root];
  while (ahead.length > 0) {
    const node = ahead.pop() ?? null;
    if (node === null) continue;
    if (isLeaf(node)) yield [node.key, node.value];
    else ahead.push(node.right, node.left);
  }
}

/** Bit `depth` of a key, from the most significant. */
export const bit = (key: string, depth: number): 0 | 1 =>
  ((nibbleAt(key, depth >> 2) >> (3 - (depth & 3))) & 1) as 0 | 1;

function nibbleAt(key: string, index: number): number {
  const code = key.charCodeAt(index);
  return code < 58 ? code - 48 : code - 87;
}

/** The one leaf that the key may stand in. */
function nearest<V>(root: Subtree<V>, key: string): Leaf<V> {
  let node = root;
  while (!isLeaf(node)) node = bit(key, node.depth) === 0 ? node.left : node.right;
  return node;
}

/** Infinity when they are the same. */
function firstDifference(a: string, b: string): number {
  assert(a.length === b.length, "all keys of a trie have one length");
  if (a === b) return Infinity;
  let at = 0;
  while (a.charCodeAt(at) === b.charCodeAt(at)) at++;
  return 4 * at + Math.clz32(nibbleAt(a, at) ^ nibbleAt(b, at)) - 28;
}

/** @param parting the first bit in which the leaf's key differs from the nearest one */
function putBelow<V>(node: Subtree<V>, leaf: Leaf<V>, parting: number): Subtree<V> {
  const isReplaced = isLeaf(node) && parting === Infinity;
  if (isReplaced) return leaf;
  if (isLeaf(node) || node.depth > parting)
    return bit(leaf.key, parting) === 0 ? branch(parting, leaf, node) : branch(parting, node, leaf);
  return bit(leaf.key, node.depth) === 0
    ? branch(node.depth, putBelow(node.left, leaf, parting), node.right)
    : branch(node.depth, node.left, putBelow(node.right, leaf, parting));
}

/** What is left of a branch rises into its place. */
function removeBelow<V>(node: Subtree<V>, key: string): Trie<V> {
  if (isLeaf(node)) return node.key === key ? null : node;
  const isLeft = bit(key, node.depth) === 0;
  const before = isLeft ? node.left : node.right;
  const after = removeBelow(before, key);
  if (after === before) return node;
  if (after === null) return isLeft ? node.right : node.left;
  return isLeft ? branch(node.depth, after, node.right) : branch(node.depth, node.left, after);
}

const branch = <V>(depth: number, left: Subtree<V>, right: Subtree<V>): Branch<V> => ({
  key: left.key,
  depth,
  left,
  right,
  hash: null,
});
