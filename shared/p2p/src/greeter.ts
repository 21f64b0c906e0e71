import type { Connection, Stream } from "@libp2p/interface";
import { codeOf, limits } from "@meshwork/foundation";
import type { Log, Metrics } from "@meshwork/observability";
import { type NodeRecord, streamNames } from "@meshwork/protocol";
import type { ConnectionTable } from "./connection-table.ts";
import { answerHello, callHello, type HelloParts, refusal } from "./hello.ts";
import type { Host } from "./host.ts";

/** Sees to it that every connection has one hello, and ends those on which it fails. */
export interface Greeter {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The other end's checked record, as soon as the hello is done. Rejects with its refusal. */
  recordOf(connection: Connection): Promise<NodeRecord>;
}

export interface GreeterParts extends HelloParts {
  host: Host;
  table: ConnectionTable;
  log: Log;
  metrics: Metrics;
}

export function createGreeter(parts: GreeterParts): Greeter {
  const { host } = parts;
  const hellos = new WeakMap<Connection, PromiseWithResolvers<NodeRecord>>();
  const onFailure = failureHandler(parts);

  /** Whoever asks first for a connection's hello makes it. */
  const helloOf = (connection: Connection): PromiseWithResolvers<NodeRecord> => {
    const known = hellos.get(connection);
    if (known) return known;
    const hello = Promise.withResolvers<NodeRecord>();
    hellos.set(connection, hello);
    hello.promise.then(
      (record) => parts.table.add(record.unsigned.nodeId, connection),
      (error) => onFailure(connection, error),
    );
    if (connection.direction === "outbound")
      callHello(parts, connection).then(hello.resolve, hello.reject);
    else expectCall(parts, connection, hello);
    return hello;
  };

  const onOpen = ({ detail }: CustomEvent<Connection>) => void helloOf(detail);
  const onCall = async (stream: Stream, connection: Connection) => {
    const hello = helloOf(connection);
    if (connection.direction === "outbound")
      stream.abort(refusal("HELLO_MALFORMED", "the side that dials says hello"));
    else await answerHello(parts, connection, stream).then(hello.resolve, hello.reject);
  };

  return {
    async start() {
      const options = { maxInboundStreams: 1, runOnLimitedConnection: true };
      await host.handle(streamNames.hello, onCall, options);
      host.addEventListener("connection:open", onOpen);
      for (const connection of host.getConnections()) helloOf(connection);
    },
    async stop() {
      host.removeEventListener("connection:open", onOpen);
      await host.unhandle(streamNames.hello);
    },
    recordOf: (connection) => helloOf(connection).promise,
  };
}

/** A caller that is silent, or gone before it spoke. */
function expectCall(
  { clock }: GreeterParts,
  connection: Connection,
  hello: PromiseWithResolvers<NodeRecord>,
): void {
  const cancel = clock.setTimer(limits.helloTimeoutMs, () =>
    hello.reject(refusal("HELLO_TIMEOUT", `no hello came within ${limits.helloTimeoutMs} ms`)),
  );
  connection.addEventListener("close", () =>
    hello.reject(refusal("HELLO_TIMEOUT", "the caller closed the connection before its hello")),
  );
  hello.promise.finally(cancel).catch(() => {});
}

function failureHandler({ log, metrics }: GreeterParts) {
  const refused = metrics.counter({
    name: "hellos_refused",
    help: "Connections that were closed because their hello failed, by code.",
    labels: ["code"],
  });
  return (connection: Connection, error: Error) => {
    const code = codeOf(error);
    refused.add(1, { code });
    log.info("hello failed", { peerId: connection.remotePeer.toString(), code });
    // Closing, not aborting: the peer shall read the refusal that was sent before.
    connection.close().catch(() => connection.abort(error));
  };
}
