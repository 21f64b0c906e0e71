import { join } from "node:path";
import type { SecretBundle } from "@meshwork/crypto";
import type { Clock, NodeId, Random } from "@meshwork/foundation";
import { createMetrics, type Log, type Metrics } from "@meshwork/observability";
import type { Identity, P2p } from "@meshwork/p2p";
import type { Genesis, Invite, Transaction } from "@meshwork/protocol";
import type { NamedBlock } from "@meshwork/verify";
import { beginAtSnapshot } from "./archiver/begin-at-snapshot.ts";
import {
  type KeptSnapshots,
  keepSnapshots,
  type SnapshotPlaces,
} from "./archiver/keep-snapshots.ts";
import { rejoinWhenStranded } from "./archiver/rejoin.ts";
import type { LedgerNode } from "./chain/ledger-node.ts";
import type { Chain } from "./chain/store/chain.ts";
import type { Files } from "./data/files.ts";
import { handIn } from "./hand-in.ts";
import { createLedgerClient, type LedgerClient } from "./ledger-client.ts";
import { openDeliveryBook } from "./mail/delivery-book.ts";
import { openDispatchBook } from "./mail/dispatch-book.ts";
import { keepMembership } from "./membership/keep-membership.ts";
import { learnNearness } from "./membership/learn-nearness.ts";
import { showAccounts } from "./membership/show-accounts.ts";
import { shunConvicted } from "./membership/shun-convicted.ts";
import { nodeIdentity, taskRoot } from "./node-identity.ts";
import {
  connectPeers,
  followLedger,
  forgetOrders,
  membershipOf,
  openMail,
  openOutside,
  openSandboxes,
  type Road,
  serveTaskData,
  takeAssignments,
  whyUnready,
} from "./node-parts.ts";
import type { Jobs } from "./requester/jobs/jobs.ts";
import { openJobs } from "./requester/jobs/open-jobs.ts";
import { createRequester, type Requester } from "./requester/requester.ts";
import type { Sandboxes } from "./sandboxes.ts";
import { createTaskSecrets } from "./task-secrets.ts";
import { openCheckpoints } from "./worker/checkpoints.ts";
import type { OutsideOptions } from "./worker/outside/services.ts";

export interface NodeOptions extends SnapshotPlaces {
  /** `chain`, `vote`, `objects`, `results`, `files`, `uploads`, `dispatches`, `deliveries`, `jobs`, `checkpoints`, `transcripts`, `snapshots` and `control` lie in it. One process owns it. */
  folder: string;
  genesis: Genesis;
  /** `edge` runs and verifies tasks and may vote; `gateway` orders them for others and follows the ledger. */
  role: "edge" | "gateway";
  secrets: SecretBundle;
  /** Lets a stranger in; a node that the ledger knows needs none. */
  invite: Invite | null;
  relays: readonly string[];
  listen: readonly string[];
  region: string;
  /** Sandboxes at a time. */
  concurrency: number;
  /** Processors that it gives to them; announced, so that it is drawn for no more. */
  cpus: number;
  sandboxMemoryBytes: number;
  /** What programs may ask of the world through this node. @default nothing */
  outside?: OutsideOptions;
  /** Task data kept on this machine, all together; and as much of results. */
  objectsBytes: number;
  /** Where task data outlives this node: a folder, or s3://bucket/prefix. @default peers alone */
  taskDataStore?: string | null;
  /** A block that the operator trusts, for who joins. @default what the node has checked, else the genesis */
  checkpoint?: NamedBlock | null;
}

export interface NodeParts {
  clock: Clock;
  random: Random;
  log: Log;
  metrics: Metrics;
  /** The node cannot go on until a human has looked: the disk failed, or the chain forked. */
  onFatal: (error: unknown) => void;
  /** What programs run in. @default child processes: `runtime/sandbox-pool` */
  sandboxes?: Sandboxes;
}

/** A running node. Its parts are there for whoever embeds it: the API, the command line, tests. */
export interface Node {
  readonly nodeId: NodeId;
  readonly p2p: P2p;
  readonly ledger: LedgerClient;
  readonly chain: Chain;
  readonly requester: Requester;
  readonly files: Files;
  /** Null for a node that orders nothing for others. */
  readonly jobs: Jobs | null;
  /** Of the newest snapshot in the configured place; undefined where this node publishes none. */
  readonly snapshotTime: number | undefined;
  /** Hands a signed transaction in; the height at which it stands. */
  submit(transaction: Transaction, signal: AbortSignal): Promise<number>;
  /** Why it cannot do its work now, or null. */
  unready(): string | null;
  stop(): Promise<void>;
}

/** Builds every part in the order in which a task meets it, and stops them in reverse. */
export async function startNode(parts: NodeParts, options: NodeOptions): Promise<Node> {
  const running = new AsyncDisposableStack();
  try {
    const connect = () => connectBefore(parts, options);
    await beginAtSnapshot({ ...parts, connect }, options);
    return await buildNode(parts, options, running);
  } catch (error) {
    await running.disposeAsync();
    throw error;
  }
}

/** Connections that end before the node's own begin, and are counted by nobody. */
const connectBefore = (parts: NodeParts, options: NodeOptions): Promise<P2p> =>
  connectPeers(
    { ...parts, metrics: createMetrics({ processMetrics: false }) },
    { ...options, listen: [] },
    { identity: nodeIdentity(parts, options), state: () => null },
  );

/** Connections, and the ledger over them: who is let in depends on the one, and blocks come over the other. */
async function openLedger(
  parts: NodeParts,
  options: NodeOptions,
  running: AsyncDisposableStack,
): Promise<{
  identity: Identity;
  p2p: P2p;
  ledgerNode: LedgerNode;
  snapshots: KeptSnapshots;
}> {
  const identity = nodeIdentity(parts, options);
  let chain: Chain | null = null;
  const state = () => chain?.head.state ?? null;
  const p2p = await connectPeers(parts, options, { identity, state });
  const ledgerNode = await followLedger(parts, options, p2p);
  running.defer(() => ledgerNode.stop());
  chain = ledgerNode.chain;
  running.defer(shunConvicted({ chain, drop: p2p.peers.drop }));
  const snapshots = await keepSnapshots({ ...parts, chain, p2p }, options);
  running.defer(() => snapshots.stop());
  running.defer(rejoinWhenStranded({ ...parts, ledger: ledgerNode, p2p }, options));
  return { identity, p2p, ledgerNode, snapshots };
}

async function buildNode(
  parts: NodeParts,
  options: NodeOptions,
  running: AsyncDisposableStack,
): Promise<Node> {
  const { folder, role, secrets } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const { identity, p2p, ledgerNode, snapshots } = await openLedger(parts, options, running);
  const { nodeId: me, keyPair } = identity;
  const { chain } = ledgerNode;
  const submit: Node["submit"] = (transaction, until) =>
    handIn(ledgerNode.mempool, transaction, until);
  const ledger = createLedgerClient({ ...parts, me, keyPair, chain, submit });

  const dispatches = await openDispatchBook(join(folder, "dispatches"), parts.clock);
  const deliveries = await openDeliveryBook(join(folder, "deliveries"));
  const known = { p2p, ledger, dispatches };
  const { blobs, files, results, pins, ...taskData } = await serveTaskData(parts, options, known);
  running.defer(() => taskData.stop());
  const mail = openMail(p2p, ledger, { onLetter: (letter) => requester.onLetter(letter) });
  const own = { me, keyPair, secrets: createTaskSecrets(taskRoot(secrets)) };
  const road: Road = { ...parts, ...own, ledger, mail, blobs, dispatches };
  const ordering = { ...road, folder, deliveries, files, results, pins, chain, submit };
  const requester: Requester = createRequester(ordering, signal);
  const outside = await openOutside(parts, options);
  running.defer(forgetOrders(road, { release: taskData.release, ...outside }));
  showAccounts(p2p.messaging, chain);
  running.defer(() => p2p.stop());
  await p2p.start();
  const jobs = role === "gateway" ? await openJobs(ordering, requester, signal) : null;
  if (jobs !== null) running.defer(() => jobs.stop());
  if (role === "edge") {
    const sandboxes = await openSandboxes(parts, options);
    running.defer(() => sandboxes.stop());
    const checkpoints = await openCheckpoints(join(folder, "checkpoints"));
    running.defer(takeAssignments(road, { sandboxes, outside, checkpoints }));
    const { onEvidence } = ledgerNode;
    const whereabouts = learnNearness({ ...road, ...p2p }, signal);
    const membership = { ...road, chain, onEvidence, heardOf: () => ledgerNode.heardOf };
    const { stopped } = keepMembership(
      membership,
      membershipOf(options, identity, { ledgerNode, whereabouts }),
      signal,
    );
    running.defer(() => stopped);
  }
  running.defer(() => stopping.abort(new Error("the node stops")));
  return {
    nodeId: me,
    p2p,
    ledger,
    chain,
    requester,
    files,
    jobs,
    get snapshotTime() {
      return snapshots.snapshotTime;
    },
    submit,
    unready: () => whyUnready(p2p, ledgerNode),
    stop: () => running.disposeAsync(),
  };
}
