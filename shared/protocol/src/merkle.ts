import { sm3, sm3Hex } from "@meshwork/crypto";
import { concat, type Digest, equalBytes, fromHex, toHex } from "@meshwork/foundation";

/** RFC 6962 trees over SM3: leaf 0x00, node 0x01, so that no leaf passes for a node. */
const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);

export const leafHash = (leaf: Uint8Array): Uint8Array => sm3(LEAF, leaf);
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => sm3(NODE, left, right);

/** All levels, leaves first. An odd last node rises unchanged, which equals RFC 6962's split. */
function levelsOf(leaves: readonly Uint8Array[]): Uint8Array[][] {
  const levels = [leaves.map(leafHash)];
  for (let level = levels[0] ?? []; level.length > 1; levels.push(level)) level = pairUp(level);
  return levels;
}

function pairUp(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as Uint8Array;
    const right = level[i + 1];
    above.push(right === undefined ? left : nodeHash(left, right));
  }
  return above;
}

export function merkleRoot(leaves: readonly Uint8Array[]): Digest {
  const top = levelsOf(leaves).at(-1)?.[0];
  return top === undefined ? sm3Hex(concat()) : (toHex(top) as Digest);
}

/** The siblings from leaf to root; null where the node rises alone. */
export function merklePath(leaves: readonly Uint8Array[], index: number): (Digest | null)[] {
  return pathIn(levelsOf(leaves), index);
}

/** The paths of all leaves, for the price of one tree. */
export function merklePaths(leaves: readonly Uint8Array[]): (Digest | null)[][] {
  const levels = levelsOf(leaves);
  return leaves.map((_, index) => pathIn(levels, index));
}

function pathIn(levels: readonly Uint8Array[][], index: number): (Digest | null)[] {
  const path: (Digest | null)[] = [];
  let at = index;
  for (const level of levels.slice(0, -1)) {
    const sibling = level[at ^ 1];
    path.push(sibling === undefined ? null : (toHex(sibling) as Digest));
    at >>= 1;
  }
  return path;
}

/** Whether `leaf` is number `index` of the `count` leaves under `root`. */
export function verifyMerklePath(
  leaf: Uint8Array,
  place: { index: number; count: number },
  path: readonly (Digest | null)[],
  root: Digest,
): boolean {
  let { index, count: width } = place;
  if (!Number.isSafeInteger(index) || index < 0 || index >= width) return false;
  let hash = leafHash(leaf);
  for (const sibling of path) {
    const paired = (index ^ 1) < width;
    if (width <= 1 || paired !== (sibling !== null)) return false;
    if (sibling !== null)
      hash = index % 2 === 1 ? nodeHash(fromHex(sibling), hash) : nodeHash(hash, fromHex(sibling));
    index >>= 1;
    width = (width + 1) >> 1;
  }
  return width === 1 && equalBytes(hash, fromHex(root));
}
