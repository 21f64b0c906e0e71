import { assert } from "@meshwork/foundation";

/**
 * A persistent binary trie over keys in lower-case hex, all of one length. Every change makes a new
 * root and shares all that did not change, so that a speculative state costs only what differs, and
 * is thrown away for free. A subtree with one leaf is that leaf: the shape that `state-proof` fixes.
 */
export interface Leaf<V> {
  readonly key: string;
  readonly value: V;
  /** Filled by `state-tree` when first asked for; never changes. */
  hash: Uint8Array | null;
}
export interface Branch<V> {
  readonly left: Trie<V>;
  readonly right: Trie<V>;
  hash: Uint8Array | null;
}
export type Trie<V> = Leaf<V> | Branch<V> | null;

export const isLeaf = <V>(node: Leaf<V> | Branch<V>): node is Leaf<V> => "key" in node;

export function get<V>(root: Trie<V>, key: string): V | undefined {
  let node = root;
  for (let depth = 0; node !== null; depth++) {
    if (isLeaf(node)) return node.key === key ? node.value : undefined;
    node = bit(key, depth) === 0 ? node.left : node.right;
  }
  return undefined;
}

export function put<V>(root: Trie<V>, key: string, value: V): Trie<V> {
  return putBelow(root, { key, value, hash: null }, 0);
}

export function remove<V>(root: Trie<V>, key: string): Trie<V> {
  return removeBelow(root, key, 0);
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
export function bit(key: string, depth: number): 0 | 1 {
  const code = key.charCodeAt(depth >> 2);
  const nibble = code < 58 ? code - 48 : code - 87;
  return ((nibble >> (3 - (depth & 3))) & 1) as 0 | 1;
}

function putBelow<V>(node: Trie<V>, leaf: Leaf<V>, depth: number): Leaf<V> | Branch<V> {
  if (node === null) return leaf;
  if (isLeaf(node)) return node.key === leaf.key ? leaf : split(node, leaf, depth);
  return bit(leaf.key, depth) === 0
    ? branch(putBelow(node.left, leaf, depth + 1), node.right)
    : branch(node.left, putBelow(node.right, leaf, depth + 1));
}

/** Branches down to the first bit in which the two keys differ. */
function split<V>(a: Leaf<V>, b: Leaf<V>, depth: number): Branch<V> {
  assert(a.key.length === b.key.length, "all keys of a trie have one length");
  const side = bit(a.key, depth);
  if (side !== bit(b.key, depth)) return side === 0 ? branch(a, b) : branch(b, a);
  const below = split(a, b, depth + 1);
  return side === 0 ? branch(below, null) : branch(null, below);
}

function removeBelow<V>(node: Trie<V>, key: string, depth: number): Trie<V> {
  if (node === null) return null;
  if (isLeaf(node)) return node.key === key ? null : node;
  const side = bit(key, depth);
  const before = side === 0 ? node.left : node.right;
  const after = removeBelow(before, key, depth + 1);
  if (after === before) return node;
  return side === 0 ? joined(after, node.right) : joined(node.left, after);
}

/** What is left of a branch: a lone leaf rises into its place. */
function joined<V>(left: Trie<V>, right: Trie<V>): Trie<V> {
  if (left === null && (right === null || isLeaf(right))) return right;
  if (right === null && left !== null && isLeaf(left)) return left;
  return branch(left, right);
}

const branch = <V>(left: Trie<V>, right: Trie<V>): Branch<V> => ({ left, right, hash: null });
