import { CodedError, concat, type Digest, type NodeId, type OrderId } from "@meshwork/foundation";
import type { Committee, NetworkPolicy, StateProof, TaskRecord } from "@meshwork/protocol";
import { atOfIndexKey, type IndexName, indexKey, indexPlacesOf } from "./agenda.ts";
import { type Contribution, committeeId, type Epoch } from "./epoch-records.ts";
import {
  type Account,
  definitions,
  type Head,
  keyOf,
  keyOfRecord,
  kindOfTag,
  type NodeState,
  nonceId,
  type RecordKind,
  type Records,
  recentBlockId,
} from "./records.ts";
import { StateTree } from "./state-tree.ts";
import { entries, put, remove, type Trie } from "./trie.ts";

export class StateError extends CodedError<"STATE_LEAF_CORRUPT"> {}

/** One leaf as a store keeps it, opaque: a tag byte and the record. Null: the leaf is gone. */
export interface LeafChange {
  key: Digest;
  value: Uint8Array | null;
}

/** A record with its bytes, which are made once, when the root or the store asks for them. */
class Entry<K extends RecordKind = RecordKind> {
  readonly kind: K;
  readonly record: Records[K];
  #bytes: Uint8Array | null = null;

  constructor(kind: K, record: Records[K]) {
    this.kind = kind;
    this.record = record;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= definitions[this.kind].encode(this.record);
    return this.#bytes;
  }

  get stored(): Uint8Array {
    return concat(Uint8Array.of(definitions[this.kind].tag), this.bytes);
  }
}

type Indexes = Readonly<Record<IndexName, Trie<Digest>>>;

/**
 * The whole ledger at one moment, and it never changes: `with` and `without` give another one that
 * shares all the rest. A speculative block is just another state.
 */
export class State {
  readonly #tree: StateTree<Entry>;
  readonly #indexes: Indexes;

  private constructor(tree: StateTree<Entry>, indexes: Indexes) {
    this.#tree = tree;
    this.#indexes = indexes;
  }

  static readonly empty = new State(StateTree.empty<Entry>(), {
    nodes: null,
    draws: null,
    queue: null,
    deadlines: null,
    expiries: null,
    fading: null,
    contributions: null,
  });

  /**
   * From what a store kept. Throws `StateError` for a leaf that is no record or lies under another's
   * key; whether it is the *right* state the caller tells by `root()`.
   */
  static fromLeaves(leaves: Iterable<{ key: Digest; value: Uint8Array }>): State {
    let state = State.empty;
    for (const { key, value } of leaves) state = state.#replace(key, parseLeaf(key, value));
    return state;
  }

  account(id: NodeId): Account | undefined {
    return this.get("account", id);
  }

  node(id: NodeId): NodeState | undefined {
    return this.get("node", id);
  }

  task(id: OrderId): TaskRecord | undefined {
    return this.get("task", id);
  }

  get head(): Head {
    return this.#required("head");
  }

  get policy(): NetworkPolicy {
    return this.#required("policy");
  }

  /** The epoch of the next block: after an epoch's last block, the state is of the one that follows. */
  get epoch(): Epoch {
    return this.#required("epoch");
  }

  /** Who makes the next block final. */
  get committee(): Committee {
    const { number } = this.epoch;
    const sitting = this.committeeOf(number);
    if (sitting === undefined) throw incomplete(`committee of epoch ${number}`);
    return sitting;
  }

  /** Who follows it; null until this epoch's election. */
  get nextCommittee(): Committee | null {
    return this.committeeOf(this.epoch.number + 1) ?? null;
  }

  /** One of the last epochs, this one or the next, as far as it is elected. */
  committeeOf(epoch: number): Committee | undefined {
    const found = this.get("committee", committeeId(epoch));
    return found?.epoch === epoch ? found : undefined;
  }

  /** The version of the rules by which the next block is made. */
  get protocolVersion(): number {
    return this.epoch.protocolVersion;
  }

  /** Its identity is dead for good, by its own revocation or as the penalty of equivocation. */
  isBlacklisted(id: NodeId): boolean {
    return (this.account(id)?.barred ?? null) !== null;
  }

  *contributions(): Generator<Contribution> {
    for (const record of this.#listed("contributions", Infinity)) yield record as Contribution;
  }

  get<K extends RecordKind>(kind: K, id: string): Records[K] | undefined {
    return this.#tree.get(keyOf(kind, id))?.record as Records[K] | undefined;
  }

  root(): Digest {
    return this.#tree.root();
  }

  /** With the task's record, the part of a receipt that shows it under a header's state root. */
  prove(kind: RecordKind, id: string): StateProof {
    return this.#tree.prove(keyOf(kind, id));
  }

  *nodes(): Generator<NodeState> {
    for (const record of this.#listed("nodes", Infinity)) yield record as NodeState;
  }

  /** Tasks whose draw has its inputs from a block below `height`, oldest first. */
  *awaitingDraw(height: number): Generator<TaskRecord> {
    for (const record of this.#listed("draws", height - 1)) yield record as TaskRecord;
  }

  /** Tasks that wait for nodes to come free, in the order in which they will be drawn. */
  *queue(): Generator<TaskRecord> {
    for (const record of this.#listed("queue", Infinity)) yield record as TaskRecord;
  }

  /** Tasks with a deadline at or before this active time, earliest first. */
  *due(activeTime: number): Generator<TaskRecord> {
    for (const record of this.#listed("deadlines", activeTime)) yield record as TaskRecord;
  }

  /** Keys of records that ended before this wall time. */
  expired(time: number): Generator<Digest> {
    return this.#before("expiries", time);
  }

  /** Keys of records that ended before this active time; and whose, if they are nodes. */
  *faded(activeTime: number): Generator<{ key: Digest; node: NodeId | null }> {
    for (const key of this.#before("fading", activeTime)) {
      const entry = this.#tree.get(key);
      yield { key, node: entry?.kind === "node" ? (entry.record as NodeState).nodeId : null };
    }
  }

  /** Whether any task waits for a draw. */
  get drawsPending(): boolean {
    return this.#indexes.draws !== null;
  }

  /** The active time of the next deadline of any task. */
  get nextDeadline(): number | null {
    for (const [at] of entries(this.#indexes.deadlines)) return atOfIndexKey(at);
    return null;
  }

  /** Every leaf as a store keeps it, in the order of the keys. */
  *leaves(): Generator<{ key: Digest; value: Uint8Array }> {
    for (const [key, entry] of this.#tree.entries())
      yield { key: key as Digest, value: entry.stored };
  }

  /** Every record of one kind: reads the whole state. */
  *all<K extends RecordKind>(kind: K): Generator<Records[K]> {
    for (const [, entry] of this.#tree.entries())
      if (entry.kind === kind) yield entry.record as Records[K];
  }

  /** @param key given by who knows it already, since it costs a hash. */
  with<K extends RecordKind>(kind: K, record: Records[K], key = keyOfRecord(kind, record)): State {
    return this.#replace(key, new Entry(kind, record));
  }

  without(key: Digest): State {
    return this.#replace(key, null);
  }

  /** What the store must write to get from one state to the next. */
  leaf(key: Digest): LeafChange {
    return { key, value: this.#tree.get(key)?.stored ?? null };
  }

  #required<K extends "head" | "policy" | "epoch">(kind: K): Records[K] {
    const record = this.get(kind, kind);
    if (record === undefined) throw incomplete(kind);
    return record;
  }

  *#before(index: IndexName, end: number): Generator<Digest> {
    for (const [at, key] of entries(this.#indexes[index])) {
      if (atOfIndexKey(at) >= end) return;
      yield key;
    }
  }

  *#listed(index: IndexName, last: number): Generator<Records[RecordKind]> {
    for (const [at, key] of entries(this.#indexes[index])) {
      if (atOfIndexKey(at) > last) return;
      const entry = this.#tree.get(key);
      if (entry !== undefined) yield entry.record;
    }
  }

  #replace(key: Digest, entry: Entry | null): State {
    const before = this.#tree.get(key);
    const left = before ? indexPlacesOf(before.kind, before.record) : [];
    const taken = entry ? indexPlacesOf(entry.kind, entry.record) : [];
    const tree = entry ? this.#tree.put(key, entry) : this.#tree.delete(key);
    if (left.length + taken.length === 0) return new State(tree, this.#indexes);
    const indexes = { ...this.#indexes };
    for (const place of left)
      indexes[place.index] = remove(indexes[place.index], indexKey(place, key));
    for (const place of taken)
      indexes[place.index] = put(indexes[place.index], indexKey(place, key), key);
    return new State(tree, indexes);
  }
}

const incomplete = (missing: string) =>
  new StateError(
    "STATE_LEAF_CORRUPT",
    `this state has no ${missing}: it is not a whole state, restore it from a peer or a snapshot`,
  );

function parseLeaf(key: Digest, value: Uint8Array): Entry {
  const kind = kindOfTag(value[0]);
  if (kind === undefined)
    throw new StateError("STATE_LEAF_CORRUPT", `leaf ${key} has an unknown tag ${value[0]}`);
  const entry = new Entry(kind, definitions[kind].decode(value.subarray(1)));
  if (keyOfRecord(kind, entry.record) !== key)
    throw new StateError("STATE_LEAF_CORRUPT", `leaf ${key} holds a ${kind} of another key`);
  return entry;
}

export const nonceOf = (state: State, sender: NodeId, nonce: bigint) =>
  state.get("nonce", nonceId({ sender, nonce }));

export const recentBlockOf = (state: State, height: number) => {
  const found = state.get("recentBlock", recentBlockId(height));
  return found?.height === height ? found : undefined;
};
