import { type BlockHash, type Digest, type NodeId, type OrderId, utf8 } from "@meshwork/foundation";
import type { LeafChange } from "@meshwork/ledger";
import {
  type FinalizedBlock,
  finalizedBlock,
  type HandOver,
  type Header,
  handOver as handOverWire,
  headerHash,
  header as headerWire,
  type ProvenHeader,
  provenHeader,
} from "@meshwork/protocol";
import { type BlockFacts, encodeFacts } from "./block-facts.ts";

/** What the ledger's database holds, and under which keys. */

/** Heights as text of one width, so that LevelDB keeps them in order. */
export const at = (height: number): string => String(height).padStart(15, "0");

export const keys = {
  chainId: "chain-id",
  head: "head",
  base: "base",
  founding: "founding",
  block: (height: number) => `block/${at(height)}`,
  hash: (hash: BlockHash) => `hash/${hash}`,
  facts: (height: number) => `facts/${at(height)}`,
  handOver: (epoch: number) => `hand-over/${at(epoch)}`,
  state: (key: Digest) => `state/${key}`,
  account: (id: NodeId, height: number) => `account/${id}/${at(height)}`,
  task: (id: OrderId, height: number) => `task/${id}/${at(height)}`,
};

/** All leaves of the state. */
export const STATE = { gt: "state/", lt: "state0" } as const;

/** The header after which a chain begins that does not begin at the genesis. */
export type Beginning = ProvenHeader | { readonly header: Header; readonly certificate: null };

/** Without a certificate: nobody voted on it, founders began it anew. */
export type Base = Beginning & {
  /** From the genesis's committee to that of the next block. */
  readonly handOvers: readonly HandOver[];
};

/** What one block leaves behind, all of it or nothing. */
export interface Commit {
  readonly finalized: FinalizedBlock;
  readonly changes: readonly LeafChange[];
  readonly facts: BlockFacts;
  /** Where the block is its epoch's last. */
  readonly handOver: HandOver | null;
}

/** Either a value or that there is none any more. */
export type Write = ReturnType<typeof writeOf>;

export function writesOf({ finalized, changes, facts, handOver }: Commit): Write[] {
  const { header } = finalized.block;
  const { height } = header;
  const accounts = new Set(facts.whys.map((why) => why.account));
  const tasks = new Set(
    facts.events.flatMap((event) => (event.kind === "task" ? [event.orderId] : [])),
  );
  return [
    put(keys.block(height), finalizedBlock.encode(finalized)),
    put(keys.hash(headerHash(header)), utf8(String(height))),
    put(keys.facts(height), encodeFacts(facts)),
    ...(handOver ? [putHandOver(handOver)] : []),
    ...[...accounts].map((id) => put(keys.account(id, height), NOTHING)),
    ...[...tasks].map((id) => put(keys.task(id, height), NOTHING)),
    ...changes.map(writeOf),
    put(keys.head, utf8(String(height))),
  ];
}

/** The block that a chain begins after, and how its committee came to be. */
export const writesOfBase = ({ header, certificate, handOvers }: Base): Write[] => [
  certificate === null
    ? put(keys.founding, headerWire.encode(header))
    : put(keys.base, provenHeader.encode({ header, certificate })),
  put(keys.hash(headerHash(header)), utf8(String(header.height))),
  ...handOvers.map(putHandOver),
];

const putHandOver = (value: HandOver) =>
  put(keys.handOver(value.header.epoch), handOverWire.encode(value));

const NOTHING = new Uint8Array(0);

export const writeOf = ({ key, value }: LeafChange) =>
  value === null ? ({ type: "del", key: keys.state(key) } as const) : put(keys.state(key), value);

export const put = (key: string, value: Uint8Array) => ({ type: "put", key, value }) as const;
