import type { ChainId, Clock, NodeId } from "@meshwork/foundation";
import { fromUtf8, utf8 } from "@meshwork/foundation";
import { type NodeRecord, nodeRecord } from "@meshwork/protocol";
import { type Admission, checkRecord } from "./check-record.ts";
import { P2pError } from "./errors.ts";
import type { Host, RecordRules } from "./host.ts";
import type { RecordBook } from "./record-book.ts";
import { withTimeout } from "./timeout.ts";

/** Node records in the DHT, under `/meshwork-record/<NodeId>`: where to find a node never met before. */
export interface Discovery {
  /** From the book, else from the DHT; undefined when nobody knows. */
  find(nodeId: NodeId, signal?: AbortSignal): Promise<NodeRecord | undefined>;
  /** The newest that the DHT and the book know: for a node that is not where it was. */
  ask(nodeId: NodeId, signal?: AbortSignal): Promise<NodeRecord | undefined>;
  /** Stores this node's own record with the DHT servers nearest to its key; says how many took it. */
  publish(record: NodeRecord, signal?: AbortSignal): Promise<number>;
}

export interface RecordContext {
  chainId: ChainId;
  admission: Admission;
  clock: Clock;
}

const NAMESPACE = "meshwork-record";
const FIND_MS = 5_000;
const PUBLISH_MS = 10_000;

const keyOf = (nodeId: NodeId): Uint8Array => utf8(`/${NAMESPACE}/${nodeId}`);

/** A DHT server keeps nothing that is not signed, of this network, unexpired and under its own name. */
export function nodeRecordRules(context: RecordContext): RecordRules {
  return {
    namespace: NAMESPACE,
    validate(key, value) {
      const record = nodeRecord.decode(value);
      const { nodeId } = record.unsigned;
      const code =
        fromUtf8(key) === fromUtf8(keyOf(nodeId))
          ? checkRecord(record, { ...context, now: context.clock.now() })
          : "HELLO_WRONG_KEY";
      if (code !== null)
        throw new P2pError(code, `a record under ${fromUtf8(key).slice(0, 80)} is not stored`);
    },
    select: (_key, values) => {
      const seqs = values.map((value) => nodeRecord.decode(value).unsigned.seq);
      return seqs.indexOf(Math.max(...seqs));
    },
  };
}

export function createDiscovery(
  parts: RecordContext & { host: Host; book: RecordBook },
): Discovery {
  const { host, book, clock } = parts;
  const rules = nodeRecordRules(parts);

  /** A record from an answer of the DHT: null when it does not pass, for servers are not trusted. */
  const accept = (key: Uint8Array, value: Uint8Array | undefined): NodeRecord | null => {
    if (value === undefined) return null;
    try {
      rules.validate(key, value);
      return nodeRecord.decode(value);
    } catch {
      return null;
    }
  };

  const get = async (key: Uint8Array, signal: AbortSignal): Promise<void> => {
    for await (const event of host.services.dht.get(key, { signal })) {
      const value =
        event.name === "VALUE"
          ? event.value
          : event.name === "PEER_RESPONSE"
            ? event.record?.value
            : undefined;
      const record = accept(key, value);
      if (record) book.put(record);
    }
  };

  const ask: Discovery["ask"] = async (nodeId, signal) => {
    // With nobody there to ask, kad-dht would wait for somebody until the time is over.
    if (host.getConnections().length === 0) return book.of(nodeId);
    const limit = { timeoutMs: FIND_MS, reason: () => new Error("the DHT is slow"), signal };
    // What was found before an error or the timeout counts: kad-dht throws when a server that
    // holds an older record cannot be corrected.
    await withTimeout(clock, limit, (inner) => get(keyOf(nodeId), inner)).catch(() => {});
    signal?.throwIfAborted();
    return book.of(nodeId);
  };

  return {
    ask,
    find: async (nodeId, signal) => book.of(nodeId) ?? ask(nodeId, signal),
    async publish(record, signal) {
      let stored = 0;
      const limit = { timeoutMs: PUBLISH_MS, reason: () => new Error("the DHT is slow"), signal };
      const put = async (inner: AbortSignal) => {
        const key = keyOf(record.unsigned.nodeId);
        const events = host.services.dht.put(key, nodeRecord.encode(record), { signal: inner });
        for await (const event of events)
          if (event.name === "PEER_RESPONSE" && event.messageName === "PUT_VALUE") stored += 1;
      };
      await withTimeout(clock, limit, put).catch(() => {});
      return stored;
    },
  };
}
