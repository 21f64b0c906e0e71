import {
  type ChainId,
  type Clock,
  limits,
  messageOf,
  type NodeId,
  sleep,
} from "@meshwork/foundation";
import { chainIdOf, type Genesis, streamNames } from "@meshwork/protocol";
import { ChainError } from "./chain-error.ts";
import type { Channels } from "./channel.ts";
import { syncReply, syncRequest } from "./sync-messages.ts";

export interface FetchGenesisParts {
  channels: Pick<Channels, "open">;
  /** Any nodes of the network. */
  peers: readonly NodeId[];
  /** As the invite names it: the hash of the genesis, so that nobody can give another. */
  chainId: ChainId;
  clock: Clock;
  signal?: AbortSignal;
}

/** @throws ChainError `GENESIS_NOT_FOUND`, or the signal's reason */
export async function fetchGenesis(parts: FetchGenesisParts): Promise<Genesis> {
  const failures: string[] = [];
  for (const peer of parts.peers) {
    parts.signal?.throwIfAborted();
    try {
      const genesis = await ask(parts, peer);
      if (chainIdOf(genesis) === parts.chainId) return genesis;
      failures.push(`${peer}: another network's`);
    } catch (error) {
      failures.push(`${peer}: ${messageOf(error)}`);
    }
  }
  parts.signal?.throwIfAborted();
  throw new ChainError(
    "GENESIS_NOT_FOUND",
    `none of ${parts.peers.length} peers gave the genesis of ${parts.chainId}: ask for a new invite, or name a relay that is up`,
    { detail: { failures } },
  );
}

const PATIENCE_MS = 10_000;

async function ask({ channels, clock, signal }: FetchGenesisParts, peer: NodeId): Promise<Genesis> {
  const controller = new AbortController();
  const patience = signal ? AbortSignal.any([signal, controller.signal]) : controller.signal;
  const options = { maxFrameBytes: limits.syncFrameBytes, signal: patience };
  const channel = await channels.open(peer, streamNames.sync, options);
  sleep(clock, PATIENCE_MS, patience).then(
    () => channel.abort(new Error(`no answer within ${PATIENCE_MS} ms`)),
    () => {},
  );
  try {
    await channel.send(syncRequest.encode({ kind: "genesis" }));
    for await (const frame of channel) {
      const reply = syncReply.decode(frame);
      if (reply.kind === "genesis") return reply.genesis;
    }
    throw new Error("the peer closed the channel");
  } finally {
    controller.abort(new Error("asked"));
    channel.abort(new Error("asked"));
  }
}
