import { join } from "node:path";
import type { Evidence, Settings } from "@meshwork/consensus";
import { type Clock, codeOf, every, type NodeId } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { FinalizedBlock, Genesis } from "@meshwork/protocol";
import type { NamedBlock } from "@meshwork/verify";
import type { ChainError } from "./chain-error.ts";
import type { Channels } from "./channel.ts";
import { Mempool } from "./mempool/mempool.ts";
import { type MempoolJournal, openMempoolJournal } from "./mempool/mempool-journal.ts";
import { TransactionSharing } from "./mempool/share-transactions.ts";
import { createSignaturePool, type SignaturePool } from "./mempool/signature-pool.ts";
import { TransactionIntake } from "./mempool/transaction-intake.ts";
import { type Chain, openChain } from "./store/chain.ts";
import { membersOf, voteKeysAt } from "./store/chain-head.ts";
import { createDiskSpace } from "./store/disk-space.ts";
import { distrust, holdToCheckpoint } from "./sync/block-trust.ts";
import { serveSync } from "./sync/serve-sync.ts";
import { Sync } from "./sync/sync.ts";
import { createApplication } from "./voting/application.ts";
import { CommitteeLinks } from "./voting/committee-links.ts";
import { ConsensusDriver } from "./voting/consensus-driver.ts";
import { keepVoteKeys } from "./voting/my-seat.ts";
import { consensusReader, serveConsensus } from "./voting/serve-consensus.ts";
import { openVoteFolder, type VoteFolder } from "./voting/vote-folder.ts";
import type { VoteKey } from "./voting/vote-key.ts";
import { WriteAheadLog } from "./voting/write-ahead-log.ts";

export interface LedgerNodeParts {
  me: NodeId;
  channels: Channels;
  clock: Clock;
  log: Log;
  /** Nodes besides the committee that may have blocks, best first. @default none */
  otherPeers?: () => readonly NodeId[];
  /** Ends all connections with a peer that misbehaved. @default it is only not listened to */
  dropPeer?: (peer: NodeId, reason: Error) => void;
  /** The node must stop: it can neither vote nor follow until a human has looked. */
  onFatal: (error: unknown) => void;
}

export interface LedgerNodeOptions {
  /** `chain`, `vote` and `mempool.log` lie in it. */
  folder: string;
  genesis: Genesis;
  /** Whether this node keeps a vote key, and votes when it holds a seat. */
  votes: boolean;
  /**
   * A block that the operator trusts; null: none, so that a genesis older than the trust period is not enough to
   * follow from. @default the genesis is trusted, however old: its makers run this node
   */
  checkpoint?: NamedBlock | null;
  /** @default consensus's own */
  settings?: Settings;
}

/** A node's whole part in the ledger: it follows, takes transactions in, and votes if it has a seat. */
export interface LedgerNode {
  readonly chain: Chain;
  readonly mempool: Mempool;
  /** To be registered by `renew`, and another one after each election; null for a node that does not vote. */
  readonly voteKey: VoteKey["public"] | null;
  /** The height and view that are being decided here; null for a node that does not vote. */
  readonly position: { height: number; view: number } | null;
  /** The greatest height that a peer has shown to be final; above the head while this node is behind. */
  readonly heardOf: number;
  /** Why this node neither votes nor follows for now: nothing can be written, or nobody has the next block. Null as a rule. */
  readonly trouble: ChainError | null;
  /** Called with any two votes that convict a seat. Returns how to stop. */
  onEvidence(listener: (evidence: Evidence) => void): () => void;
  stop(): Promise<void>;
}

/** How often what was handed in here is sent again. */
const RESEND_MS = 1_000;

/** @throws ChainError when the folder cannot be trusted: see `chain-error` */
export async function startLedgerNode(
  parts: LedgerNodeParts,
  options: LedgerNodeOptions,
): Promise<LedgerNode> {
  const running = new AsyncDisposableStack();
  try {
    return await runLedgerNode(parts, options, running);
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

async function runLedgerNode(
  parts: LedgerNodeParts,
  options: LedgerNodeOptions,
  running: AsyncDisposableStack,
): Promise<LedgerNode> {
  const { channels, clock, log } = parts;
  const { folder, genesis } = options;
  const space = createDiskSpace(parts);
  const chain = await openChain({ folder: join(folder, "chain"), genesis, log, space });
  running.defer(() => chain.close());
  const vote = options.votes ? await openVoteFolder(join(folder, "vote"), { space }) : null;
  running.defer(() => vote?.log.close());
  const signatures = createSignaturePool();
  running.defer(() => signatures.stop());

  const { journal, transactions } = await openMempoolJournal(join(folder, "mempool.log"), {
    space,
    log,
  });
  running.defer(() => journal.close());

  const { links, mempool, sharing } = collectTransactions({ ...parts, chain, journal }, running, {
    onFrame: (from, frame) => onFrame(from, frame),
    onExecutable: () => driver?.wake(),
  });
  const evidence = new Set<(evidence: Evidence) => void>();
  const onEvidence = (found: Evidence) => {
    for (const listener of evidence) listener(found);
  };
  const shared = { ...parts, chain, mempool, links, sharing, signatures, onEvidence };
  const driver = vote && startDriver(shared, vote, options.settings);
  // What has become of them meanwhile the ledger says.
  for (const transaction of transactions) void mempool.submit(transaction);
  const onMessage = driver ? driver.receive.bind(driver) : () => {};
  const onFrame = consensusReader({ intake: intakeOf(shared), onMessage });
  await serveConsensus({ chain, channels, links, onFrame, log });
  await serveSync({ chain, channels, log });

  const isSeated = () => driver?.isSeated ?? false;
  const { checkpoint } = options;
  if (checkpoint) running.defer(await holdToCheckpoint(shared, checkpoint));
  const sync = startSync(shared, { isSeated, ...(checkpoint === undefined ? {} : { checkpoint }) });
  running.defer(() => sync.stop());
  running.defer(
    every(clock, RESEND_MS, () => {
      mempool.sweep();
      // A seat does so at consensus's own pace.
      if (!isSeated()) sharing.again();
    }),
  );
  // First of all: what waits for room on the disk must not keep the rest from ending.
  running.defer(() => space.stop());
  running.defer(() => driver?.stop());
  return {
    chain,
    mempool,
    get voteKey() {
      return vote?.keys.offered.public ?? null;
    },
    get position() {
      return driver?.position ?? null;
    },
    get heardOf() {
      return sync.heardOf;
    },
    get trouble() {
      return space.trouble ?? sync.trouble;
    },
    onEvidence(listener) {
      evidence.add(listener);
      return () => evidence.delete(listener);
    },
    stop: () => running.disposeAsync(),
  };
}

type Shared = LedgerNodeParts & {
  chain: Chain;
  mempool: Mempool;
  links: CommitteeLinks;
  sharing: TransactionSharing;
  signatures: SignaturePool;
  onEvidence: (evidence: Evidence) => void;
};

/** The pool, and the links by which it reaches the committee, whoever that is. */
function collectTransactions(
  {
    me,
    channels,
    chain,
    clock,
    journal,
  }: LedgerNodeParts & { chain: Chain; journal: MempoolJournal },
  running: AsyncDisposableStack,
  { onFrame, onExecutable }: { onFrame: CommitteeLinksFrame; onExecutable: () => void },
) {
  const links = new CommitteeLinks({
    me,
    channels,
    onFrame,
    onUp: (member) => sharing.againTo(member),
  });
  const mempool: Mempool = new Mempool({
    chain,
    clock,
    journal,
    onExecutable,
    onOwn: (transaction) => sharing.add(transaction),
  });
  const sharing = new TransactionSharing(links, () => mempool.toShare(), clock);
  const link = () => links.update(membersOf(chain.head.state));
  link();
  running.defer(() => mempool.stop());
  running.defer(() => links.stop());
  running.defer(chain.onCommit(link));
  return { links, mempool, sharing };
}
type CommitteeLinksFrame = (from: NodeId, frame: Uint8Array) => void;

function intakeOf(shared: Shared): TransactionIntake {
  const { chain, dropPeer } = shared;
  return new TransactionIntake({
    ...shared,
    checks: chain.checks,
    pool: shared.signatures,
    onForger(peer) {
      // A member stays connected: what it says as a seat has signatures of its own.
      if (!membersOf(chain.head.state).includes(peer))
        dropPeer?.(peer, new Error("the peer brings forged transactions"));
    },
  });
}

const startSync = (
  shared: Shared,
  { isSeated, checkpoint }: { isSeated: () => boolean; checkpoint?: NamedBlock | null },
): Sync =>
  new Sync({
    ...shared,
    isSeated,
    distrust: () => (checkpoint === undefined ? null : distrust(shared, checkpoint)),
    candidates: () => candidates(shared),
    prepare: (blocks) => prepareCertificate(shared, blocks),
  });

/** The certificate that will vouch for these blocks is checked by threads while others are executed. */
function prepareCertificate(
  { chain, signatures }: Shared,
  blocks: readonly FinalizedBlock[],
): void {
  const certificate = blocks.at(-1)?.certificate;
  const voteKeys = certificate && voteKeysAt(chain.head, certificate.ballot.epoch);
  if (voteKeys)
    void chain.checks.prepareCertificate(signatures, chain.chainId, { voteKeys, certificate });
}

const candidates = ({ me, chain, otherPeers }: Shared): NodeId[] =>
  [...new Set([...membersOf(chain.head.state), ...(otherPeers?.() ?? [])])].filter(
    (peer) => peer !== me,
  );

function startDriver(
  shared: Shared,
  { keys, log: records, records: found }: VoteFolder,
  settings?: Settings,
): ConsensusDriver {
  const { me, chain, log, sharing } = shared;
  const wal = new WriteAheadLog(records, found);
  const keep = () => {
    keepVoteKeys(chain.head, { me, keys, wal }).catch((error) =>
      log.warn("the vote keys stay as they are for now", { code: codeOf(error), error }),
    );
  };
  keep();
  chain.onCommit(keep);
  return new ConsensusDriver({
    ...shared,
    keys,
    wal,
    application: createApplication({ ...shared, keys }),
    shareTransactions: () => sharing.again(),
    ...(settings && { settings }),
  });
}
