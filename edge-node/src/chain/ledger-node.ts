import { join } from "node:path";
import type { Settings } from "@meshwork/consensus";
import { type Clock, every, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { Genesis } from "@meshwork/protocol";
import { createApplication } from "./application.ts";
import { type Chain, openChain } from "./chain.ts";
import type { ChainError } from "./chain-error.ts";
import type { Channels } from "./channel.ts";
import { CommitteeLinks } from "./committee-links.ts";
import { ConsensusDriver } from "./consensus-driver.ts";
import { createDiskSpace, type DiskSpace } from "./disk-space.ts";
import { Mempool } from "./mempool.ts";
import { consensusReader, serveConsensus } from "./serve-consensus.ts";
import { serveSync } from "./serve-sync.ts";
import { TransactionSharing } from "./share-transactions.ts";
import { Sync } from "./sync.ts";
import { openVoteFolder, type VoteFolder, type VoteKey } from "./vote-key.ts";
import { WriteAheadLog } from "./write-ahead-log.ts";

export interface LedgerNodeParts {
  me: NodeId;
  channels: Channels;
  clock: Clock;
  log: Log;
  /** Nodes besides the committee that may have blocks, best first. @default none */
  otherPeers?: () => readonly NodeId[];
  /** The node must stop: it can neither vote nor follow until a human has looked. */
  onFatal: (error: unknown) => void;
}

export interface LedgerNodeOptions {
  /** `chain` and `vote` lie in it. */
  folder: string;
  genesis: Genesis;
  /** Whether this node keeps a vote key, and votes when it holds a seat. */
  votes: boolean;
  /** @default consensus's own */
  settings?: Settings;
}

/** A node's whole part in the ledger: it follows, takes transactions in, and votes if it has a seat. */
export interface LedgerNode {
  readonly chain: Chain;
  readonly mempool: Mempool;
  /** To be registered by `renew`; null for a node that does not vote. */
  readonly voteKey: VoteKey["public"] | null;
  /** The height and view that are being decided here; null for a node that does not vote. */
  readonly position: { height: number; view: number } | null;
  /** The greatest height that a peer claims; above the head while this node is behind. */
  readonly heardOf: number;
  /** Why nothing can be written, so that this node neither votes nor follows for now; null as a rule. */
  readonly trouble: ChainError | null;
  stop(): Promise<void>;
}

/** How often what was handed in here is sent again. */
const RESEND_MS = 1_000;

/** @throws ChainError when the folder cannot be trusted: see `chain-error` */
export async function startLedgerNode(
  parts: LedgerNodeParts,
  options: LedgerNodeOptions,
): Promise<LedgerNode> {
  const { folder, genesis } = options;
  const { log } = parts;
  const space = createDiskSpace(parts);
  const chain = await openChain({ folder: join(folder, "chain"), genesis, log, space });
  try {
    const vote = options.votes ? await openVoteFolder(join(folder, "vote"), { space }) : null;
    return await runLedgerNode(parts, options, { chain, vote, space });
  } catch (error) {
    await chain.close();
    throw error;
  }
}

async function runLedgerNode(
  parts: LedgerNodeParts,
  options: LedgerNodeOptions,
  { chain, vote, space }: { chain: Chain; vote: VoteFolder | null; space: DiskSpace },
): Promise<LedgerNode> {
  const { me, channels, clock, log, onFatal } = parts;
  const members = () => chain.head.state.committee.seats.map(({ node }) => node);
  const isSeated = () => driver?.isSeated ?? false;

  const links = new CommitteeLinks({
    me,
    channels,
    onFrame: (from, frame) => onFrame(from, frame),
    onUp: (member) => sharing.againTo(member),
  });
  const mempool: Mempool = new Mempool({
    chain,
    clock,
    onExecutable: () => driver?.wake(),
    onOwn: (transaction) => sharing.add(transaction),
  });
  const sharing = new TransactionSharing(links, () => mempool.toShare());
  const shared = { ...parts, chain, mempool, links, sharing };
  const driver = vote && startDriver(shared, vote, options.settings);

  const onMessage = driver ? driver.receive.bind(driver) : () => {};
  const onFrame = consensusReader({ mempool, onMessage });
  const stopLinking = chain.onCommit(() => links.update(members()));
  links.update(members());
  await serveConsensus({ channels, links, onFrame, log });
  await serveSync({ chain, channels, log });
  const candidates = () =>
    [...new Set([...members(), ...(parts.otherPeers?.() ?? [])])].filter((peer) => peer !== me);
  const sync = new Sync({ chain, channels, candidates, isSeated, clock, log, onFatal });
  const stopResending = every(clock, RESEND_MS, () => {
    mempool.sweep();
    // A seat does so at consensus's own pace.
    if (!isSeated()) sharing.again();
  });

  return {
    chain,
    mempool,
    voteKey: vote?.key.public ?? null,
    get position() {
      return driver?.position ?? null;
    },
    get heardOf() {
      return sync.heardOf;
    },
    get trouble() {
      return space.trouble;
    },
    async stop() {
      driver?.stop();
      space.stop();
      stopResending();
      stopLinking();
      links.stop();
      mempool.stop();
      await sync.stop();
      await chain.close();
      await vote?.log.close();
    },
  };
}

function startDriver(
  parts: LedgerNodeParts & {
    chain: Chain;
    mempool: Mempool;
    links: CommitteeLinks;
    sharing: TransactionSharing;
  },
  { key, log: records, records: found }: VoteFolder,
  settings?: Settings,
): ConsensusDriver {
  const application = createApplication({ ...parts, key });
  return new ConsensusDriver({
    ...parts,
    key,
    wal: new WriteAheadLog(records, found),
    application,
    shareTransactions: () => parts.sharing.again(),
    ...(settings && { settings }),
  });
}
