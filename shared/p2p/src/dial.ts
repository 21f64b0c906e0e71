import type { Connection } from "@libp2p/interface";
import { type Clock, messageOf, type NodeId } from "@meshwork/foundation";
import type { NodeRecord } from "@meshwork/protocol";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { P2pError } from "./errors.ts";
import type { Host } from "./host.ts";
import { withTimeout } from "./timeout.ts";

/** A private address from another house may swallow a dial in silence: the relay must get its turn. */
const DIRECT_DIAL_MS = 4_000;
const RELAYED_DIAL_MS = 8_000;

/** Direct addresses first, then by relay circuit; `PEER_UNREACHABLE` with both reasons. */
export async function dialRecord(
  parts: { host: Host; clock: Clock },
  record: NodeRecord,
  signal?: AbortSignal,
): Promise<Connection> {
  const { nodeId, peerId } = record.unsigned;
  const addresses = record.unsigned.addresses.flatMap((text) => addressOf(text, peerId) ?? []);
  const relayed = addresses.filter(isRelayed);
  const direct = addresses.filter((address) => !isRelayed(address));
  const causes: unknown[] = [];
  for (const [batch, timeoutMs] of [
    [direct, DIRECT_DIAL_MS],
    [relayed, RELAYED_DIAL_MS],
  ] as const) {
    if (batch.length === 0) continue;
    try {
      const reason = () => new Error(`no answer within ${timeoutMs} ms`);
      return await withTimeout(parts.clock, { timeoutMs, reason, signal }, (inner) =>
        parts.host.dial([...batch], { signal: inner }),
      );
    } catch (cause) {
      signal?.throwIfAborted();
      causes.push(cause);
    }
  }
  throw unreachable(nodeId, record.unsigned.addresses, causes);
}

/** The address with the PeerId that the record binds to the node; null for another's or nonsense. */
function addressOf(text: string, peerId: string): Multiaddr | null {
  try {
    const address = multiaddr(text);
    const last = address.getComponents().at(-1);
    if (last?.name !== "p2p") return address.encapsulate(`/p2p/${peerId}`);
    return last.value === peerId ? address : null;
  } catch {
    return null;
  }
}

const isRelayed = (address: Multiaddr): boolean =>
  address.getComponents().some(({ name }) => name === "p2p-circuit");

function unreachable(nodeId: NodeId, addresses: readonly string[], causes: unknown[]): P2pError {
  return new P2pError(
    "PEER_UNREACHABLE",
    `${nodeId} answers at none of its ${addresses.length} addresses: it may be offline, or its relay is`,
    { detail: { nodeId, addresses, reasons: causes.map(messageOf) }, cause: causes.at(-1) },
  );
}
