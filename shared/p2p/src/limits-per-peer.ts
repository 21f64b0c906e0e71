import { BoundedMap, type Clock, limits, type NodeId, sleep } from "@meshwork/foundation";

/** What one peer may cost this node: in messages and bytes a second, and in lies. */
export interface PeerLimits {
  /** Resolves when the peer's budget covers the frame: until then nothing more of his is read. */
  admit(nodeId: NodeId, bytes: number): Promise<void>;
  /** Counts an offence; too many in a short time, and the peer is dropped and shut out for a while. */
  penalise(nodeId: NodeId, code: string): void;
  isShutOut(nodeId: NodeId): boolean;
}

export interface PeerLimitsOptions {
  /** @default 20000: twice what two machines manage between them with batched signatures */
  messagesPerSecond?: number;
  /** @default 64 MiB: half a gigabit line; bulk data has its own protocol */
  bytesPerSecond?: number;
  /** @default 10: a bug may forge a message or two, an attacker goes on */
  offences?: number;
  /** An offence is forgotten after this, and a shut-out ends. @default 60000 */
  forgetMs?: number;
}

interface Bucket {
  messages: number;
  bytes: number;
  at: number;
}

export function createPeerLimits(
  parts: { clock: Clock; drop: (nodeId: NodeId, reason: string) => void },
  options: PeerLimitsOptions = {},
): PeerLimits {
  const { clock } = parts;
  const messagesPerSecond = options.messagesPerSecond ?? 20_000;
  const bytesPerSecond = options.bytesPerSecond ?? 64 << 20;
  const buckets = new BoundedMap<NodeId, Bucket>(limits.sendersKept);
  const offences = createOffences(parts, options.offences ?? 10, options.forgetMs ?? 60_000);

  /** A full bucket holds one second's worth; debt is paid by waiting. */
  const take = (nodeId: NodeId, bytes: number): number => {
    const now = clock.monotonic();
    const full = { messages: messagesPerSecond, bytes: bytesPerSecond, at: now };
    const bucket = buckets.get(nodeId) ?? full;
    const seconds = (now - bucket.at) / 1_000;
    bucket.messages = Math.min(full.messages, bucket.messages + seconds * messagesPerSecond) - 1;
    bucket.bytes = Math.min(full.bytes, bucket.bytes + seconds * bytesPerSecond) - bytes;
    bucket.at = now;
    buckets.set(nodeId, bucket);
    const debt = Math.max(-bucket.messages / messagesPerSecond, -bucket.bytes / bytesPerSecond);
    return Math.max(0, 1_000 * debt);
  };
  return {
    ...offences,
    async admit(nodeId, bytes) {
      const waitMs = take(nodeId, bytes);
      if (waitMs > 0) await sleep(clock, waitMs);
    },
  };
}

function createOffences(
  { clock, drop }: { clock: Clock; drop: (nodeId: NodeId, reason: string) => void },
  allowed: number,
  forgetMs: number,
) {
  const recent = new BoundedMap<NodeId, number[]>(limits.sendersKept);
  const shutOut = new BoundedMap<NodeId, number>(limits.sendersKept);
  return {
    penalise(nodeId: NodeId, code: string): void {
      const now = clock.monotonic();
      const times = (recent.get(nodeId) ?? []).filter((at) => now - at < forgetMs);
      recent.set(nodeId, [...times, now]);
      if (times.length + 1 < allowed) return;
      recent.delete(nodeId);
      shutOut.set(nodeId, now + forgetMs);
      drop(nodeId, `${allowed} offences within ${forgetMs} ms, the last ${code}`);
    },
    isShutOut: (nodeId: NodeId): boolean => (shutOut.get(nodeId) ?? 0) > clock.monotonic(),
  };
}
