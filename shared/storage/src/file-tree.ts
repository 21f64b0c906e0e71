import { hash } from "node:crypto";
import {
  assert,
  concat,
  type Digest,
  type FileId,
  fromHex,
  limits,
  utf8,
} from "@meshwork/foundation";
import { base32 } from "multiformats/bases/base32";
import { CID } from "multiformats/cid";
import { create as multihash } from "multiformats/hashes/digest";
import { contentIdOfDigest } from "./content-id.ts";

/**
 * The tree over a file's chunks, as IPFS builds it (UnixFS in dag-pb; CIDv1, raw leaves, chunks of 1 MiB, 1,024
 * links a node: its profile `unixfs-v1-2025`). Its root names the file, so the list of the chunks' hashes is
 * proven by hashing it, and IPFS can pin and serve what is public under the same name.
 */

export interface FileTree {
  id: FileId;
  /** The nodes above the chunks, the root last. */
  nodes: readonly TreeNode[];
}

export interface TreeNode {
  /** Multihash and all, as it stands in a link. */
  cid: Uint8Array;
  bytes: Uint8Array;
}

interface Link {
  cid: Uint8Array;
  /** Bytes of the file below it. */
  fileBytes: number;
  /** The same and all nodes on the way, which dag-pb calls Tsize. */
  treeBytes: number;
}

const DAG_PB = 0x70;
const SHA2_256 = 0x12;
const MOST_LINKS = 1_024;

/** How chunks are cut: all but the last have `chunkBytes`. The defaults are what names mean here. */
export interface FileShape {
  chunkBytes: number;
  links: number;
}
const SHAPE: FileShape = { chunkBytes: limits.fileChunkBytes, links: MOST_LINKS };

/** The name of the file of `sizeBytes` whose chunks have these sha-256. One chunk is no file but an object. */
export const fileIdOf = (chunks: readonly Digest[], sizeBytes: number): FileId =>
  fileTreeOf(chunks, sizeBytes).id;

export function fileTreeOf(
  chunks: readonly Digest[],
  sizeBytes: number,
  { chunkBytes, links }: FileShape = SHAPE,
): FileTree {
  assert(chunks.length > 1, "a file has two chunks or more");
  assert(chunks.length === Math.ceil(sizeBytes / chunkBytes), "as many chunks as the size needs");
  const nodes: TreeNode[] = [];
  let level = chunks.map((digest, index): Link => {
    const size = Math.min(chunkBytes, sizeBytes - index * chunkBytes);
    return { cid: CID.parse(contentIdOfDigest(digest)).bytes, fileBytes: size, treeBytes: size };
  });
  while (level.length > 1) {
    const above: Link[] = [];
    for (let at = 0; at < level.length; at += links) {
      const children = level.slice(at, at + links);
      const { node, link } = nodeOver(children);
      nodes.push(node);
      above.push(link);
    }
    level = above;
  }
  const root = CID.decode((nodes.at(-1) as TreeNode).cid);
  return { id: root.toString(base32) as FileId, nodes };
}

function nodeOver(children: readonly Link[]): { node: TreeNode; link: Link } {
  const bytes = encodeNode(children);
  const digest = fromHex(hash("sha256", bytes, "hex"));
  const { bytes: cid } = CID.createV1(DAG_PB, multihash(SHA2_256, digest));
  const fileBytes = sum(children.map((child) => child.fileBytes));
  const treeBytes = bytes.length + sum(children.map((child) => child.treeBytes));
  return { node: { cid, bytes }, link: { cid, fileBytes, treeBytes } };
}

/** dag-pb: the links first, each with an empty name, then the data, which is a UnixFS file. */
function encodeNode(children: readonly Link[]): Uint8Array {
  const links = children.map(({ cid, treeBytes }) =>
    field(2, concat(field(1, cid), field(2, utf8("")), number(3, treeBytes))),
  );
  const file = concat(
    number(1, UNIXFS_FILE),
    number(3, sum(children.map(({ fileBytes }) => fileBytes))),
    ...children.map(({ fileBytes }) => number(4, fileBytes)),
  );
  return concat(...links, field(1, file));
}

const UNIXFS_FILE = 2;

/** Protobuf: a field of bytes, and one of a number. */
const field = (tag: number, bytes: Uint8Array): Uint8Array =>
  concat(varint(8 * tag + 2), varint(bytes.length), bytes);
const number = (tag: number, value: number): Uint8Array => concat(varint(8 * tag), varint(value));

/** Without shifts: sizes have more than 32 bits. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return Uint8Array.from([...bytes, left]);
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
