import type { Connection, Stream } from "@libp2p/interface";
import { type ChainId, type Clock, limits } from "@meshwork/foundation";
import { type NodeRecord, nodeRecord, streamNames, wire } from "@meshwork/protocol";
import { z } from "zod";
import { type Admission, checkRecord } from "./check-record.ts";
import { type HelloRefusal, P2pError } from "./errors.ts";
import { type FrameStream, framesOver } from "./frames.ts";
import type { RecordBook } from "./record-book.ts";
import { withTimeout } from "./timeout.ts";

const HELLO_CODE = /^HELLO_[A-Z_]{1,40}$/;

/**
 * The hello binds a connection, whose other end libp2p knows by its transport key only, to an SM2
 * identity: caller → record, answerer → record, caller → accepted; or, instead of either of the last
 * two, a refusal with its code. One hello a connection; nothing else of ours opens before it.
 */
export const helloMessage = wire(
  z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("hello"), record: nodeRecord.schema }),
    z.strictObject({ kind: z.literal("accepted") }),
    z.strictObject({
      kind: z.literal("refused"),
      code: z.string().regex(HELLO_CODE),
    }),
  ]),
  { name: "hello message", maxBytes: 9_216 },
);
export type HelloMessage = z.infer<typeof helloMessage.schema>;

export interface HelloParts {
  chainId: ChainId;
  /** What this node says of itself now. */
  ownRecord: () => NodeRecord;
  book: RecordBook;
  admission: Admission;
  clock: Clock;
}

/** By the side that dialled. Rejects with a `P2pError` whose code the other side sees too. */
export function callHello(parts: HelloParts, connection: Connection): Promise<NodeRecord> {
  return timed(parts.clock, async (signal) => {
    const stream = await connection
      .newStream(streamNames.hello, { signal, runOnLimitedConnection: true })
      .catch((cause) => {
        throw refusal("HELLO_UNSUPPORTED", `the peer does not speak ${streamNames.hello}`, cause);
      });
    return exchange(stream, signal, async (frames) => {
      await tell(frames, { kind: "hello", record: parts.ownRecord() });
      const record = await hear(frames, parts, connection);
      await tell(frames, { kind: "accepted" });
      return record;
    });
  });
}

/** By the side that was dialled, when the caller has opened the hello stream. */
export function answerHello(
  parts: HelloParts,
  connection: Connection,
  stream: Stream,
): Promise<NodeRecord> {
  return timed(parts.clock, (signal) =>
    exchange(stream, signal, async (frames) => {
      const record = await hear(frames, parts, connection);
      await tell(frames, { kind: "hello", record: parts.ownRecord() });
      if ((await next(frames)).kind !== "accepted")
        throw refusal("HELLO_MALFORMED", "the caller did not accept, and did not say why");
      return record;
    }),
  );
}

export const refusal = (code: HelloRefusal, why: string, cause?: unknown): P2pError =>
  new P2pError(code, `no hello: ${why}`, cause === undefined ? {} : { cause });

function timed(clock: Clock, task: (signal: AbortSignal) => Promise<NodeRecord>) {
  const timeoutMs = limits.helloTimeoutMs;
  const reason = () => refusal("HELLO_TIMEOUT", `the peer was silent for ${timeoutMs} ms`);
  return withTimeout(clock, { timeoutMs, reason }, task);
}

async function exchange(
  stream: Stream,
  signal: AbortSignal,
  talk: (frames: FrameStream) => Promise<NodeRecord>,
): Promise<NodeRecord> {
  const frames = framesOver(stream, { maxFrameBytes: 9_216 });
  signal.addEventListener("abort", () => frames.abort(signal.reason), { once: true });
  try {
    return await talk(frames);
  } catch (error) {
    const { code } = error as P2pError;
    // The peer knows his own refusal already.
    if (!(error instanceof RefusedByPeer) && HELLO_CODE.test(code))
      await tell(frames, { kind: "refused", code }).catch(() => {});
    throw error;
  } finally {
    await frames.close().catch(() => {});
  }
}

class RefusedByPeer extends P2pError {}

const tell = (frames: FrameStream, message: HelloMessage) =>
  frames.send(helloMessage.encode(message));

/** The peer's record, checked. */
async function hear(
  frames: FrameStream,
  parts: HelloParts,
  connection: Connection,
): Promise<NodeRecord> {
  const message = await next(frames);
  if (message.kind !== "hello") throw refusal("HELLO_MALFORMED", "the peer sent no record");
  const code = judge(parts, connection, message.record);
  if (code === null) return message.record;
  throw refusal(code, `the record of ${message.record.unsigned.nodeId} was refused here`);
}

function judge(parts: HelloParts, connection: Connection, record: NodeRecord): HelloRefusal | null {
  if (record.unsigned.peerId !== connection.remotePeer.toString()) return "HELLO_WRONG_PEER";
  const context = {
    chainId: parts.chainId,
    now: parts.clock.now(),
    admission: parts.admission,
  };
  const code = checkRecord(record, context);
  if (code !== null) return code;
  return isStale(parts.book, record) ? "HELLO_STALE" : null;
}

/**
 * A newer record replaces an older one for good. Two hellos of one node may overtake each other on
 * two connections, though: an older record is refused only when it names another transport key.
 */
function isStale(book: RecordBook, record: NodeRecord): boolean {
  if (book.put(record)) return false;
  return book.of(record.unsigned.nodeId)?.unsigned.peerId !== record.unsigned.peerId;
}

async function next(frames: FrameStream): Promise<HelloMessage> {
  const { done, value } = await frames[Symbol.asyncIterator]().next();
  if (done) throw refusal("HELLO_MALFORMED", "the peer closed the stream in mid hello");
  const message = parse(value);
  if (message.kind === "refused")
    throw new RefusedByPeer(message.code as HelloRefusal, "no hello: the peer refused this node's");
  return message;
}

function parse(frame: Uint8Array): HelloMessage {
  try {
    return helloMessage.decode(frame);
  } catch (cause) {
    throw refusal("HELLO_MALFORMED", "the peer's message cannot be read", cause);
  }
}
