import { join } from "node:path";
import { deriveSeed, type KeyPair, keyPairFromSecret, x25519PublicKey } from "@meshwork/crypto";
import { type Clock, type FileId, limits, type NodeId, type OrderId } from "@meshwork/foundation";
import type { State } from "@meshwork/ledger";
import type { Log } from "@meshwork/observability";
import { createP2p, type Identity, type P2p } from "@meshwork/p2p";
import { type Dispatch, runtimeId, streamNames } from "@meshwork/protocol";
import { ledgerAdmission } from "./admission.ts";
import { partiesOf } from "./assignment.ts";
import { createAssignments } from "./assignments.ts";
import type { OpenChannel } from "./chain/channel.ts";
import { type LedgerNode, startLedgerNode } from "./chain/ledger-node.ts";
import { sitOnPanel } from "./committee/panel.ts";
import { verifyTask } from "./committee/verify-task.ts";
import type { Allowance } from "./data/order-quota.ts";
import { openTaskData, type TaskData } from "./data/task-data.ts";
import type { LedgerClient } from "./ledger-client.ts";
import { type DispatchBook, forgetFinished } from "./mail/dispatch-book.ts";
import { createTaskMail } from "./mail/task-mail.ts";
import { recoveryHashOf } from "./membership/join-network.ts";
import type { keepMembership } from "./membership/keep-membership.ts";
import type { Whereabouts } from "./membership/learn-nearness.ts";
import type { NodeOptions, NodeParts } from "./node.ts";
import { taskRoot } from "./node-identity.ts";
import type { Blobs, TaskMail } from "./ports.ts";
import { createSandboxPool } from "./runtime/sandbox-pool.ts";
import { createSandboxes, type Sandboxes } from "./sandboxes.ts";
import type { TaskSecrets } from "./task-secrets.ts";
import type { Checkpoints } from "./worker/checkpoints.ts";
import type { OutsideParts } from "./worker/outside/outside.ts";
import { NOTHING_OUTSIDE, openServices, servicesIn } from "./worker/outside/services.ts";
import { openTranscriptBook } from "./worker/outside/transcript-book.ts";
import { createPace } from "./worker/pace.ts";
import { work } from "./worker/work.ts";

/** What every step of a task's road is built from. */
export interface Road {
  me: NodeId;
  keyPair: KeyPair;
  clock: Clock;
  log: Log;
  ledger: LedgerClient;
  mail: TaskMail;
  blobs: Blobs;
  dispatches: DispatchBook;
  secrets: TaskSecrets;
}

export const connectPeers = (
  parts: NodeParts,
  { relays, listen }: NodeOptions,
  { identity, state }: { identity: Identity; state: () => State | null },
): Promise<P2p> =>
  createP2p({ ...parts, identity, admission: ledgerAdmission(state) }, { listen, relays });

export const followLedger = (
  parts: NodeParts,
  options: NodeOptions,
  p2p: P2p,
): Promise<LedgerNode> =>
  startLedgerNode(
    {
      ...parts,
      me: p2p.nodeId,
      channels: p2p.channels,
      otherPeers: () => p2p.peers.connected(),
      dropPeer: p2p.peers.drop,
    },
    {
      folder: options.folder,
      genesis: options.genesis,
      votes: options.role === "edge",
      checkpoint: options.checkpoint ?? null,
    },
  );

/** Task data: in this node's folder, in the store that it shares, and with peers; see `data/README.md`. */
export async function serveTaskData(
  parts: NodeParts,
  { folder, objectsBytes, secrets, taskDataStore = null }: NodeOptions,
  { p2p, ledger, dispatches }: { p2p: P2p; ledger: LedgerClient; dispatches: DispatchBook },
): Promise<TaskData> {
  const openChannel: OpenChannel = (peer, signal) =>
    p2p.channels.open(peer, streamNames.blobs, signal ? { signal } : {});
  const allowancesOf = allowances(p2p.nodeId, ledger, dispatches);
  const taskData = await openTaskData(
    {
      ...parts,
      openChannel,
      allowancesOf,
      isNeeded: dispatches.names,
      isOrdered: (id) => dispatches.orders().some((order) => hasInput(dispatches.get(order), id)),
      secretRoot: taskRoot(secrets),
    },
    { folder, objectsBytes, taskDataStore },
  );
  await p2p.channels.serve(streamNames.blobs, taskData.blobs.onChannel);
  return taskData;
}

const hasInput = (dispatch: Dispatch | null, id: FileId): boolean =>
  dispatch?.contract.inputs.some(({ contentId }) => contentId === id) ?? false;

/** What was kept for an order goes when the order is over. The result ends that. */
export const forgetOrders = (
  { clock, log, ledger, dispatches }: Road,
  kept: { release(orderId: OrderId): void } & Pick<OutsideParts, "transcripts">,
): (() => void) =>
  forgetFinished(dispatches, ledger, {
    clock,
    forgotten(orderId) {
      kept.release(orderId);
      kept.transcripts
        .forget(orderId)
        .catch((error) => log.warn("a transcript stays", { orderId, error }));
    },
    onError: (error) => log.warn("a dispatch stays", { error }),
  });

/** Who works on an order of ours may leave his sealed result here; nobody else may leave anything. */
const allowances =
  (me: NodeId, ledger: LedgerClient, dispatches: DispatchBook) =>
  (peer: NodeId): Allowance[] =>
    dispatches.orders().flatMap((orderId) => {
      const task = ledger.task(orderId);
      const dispatch = dispatches.get(orderId);
      if (dispatch === null || task?.order.gateway !== me || task.phase === "done") return [];
      if (!task.workers.some(({ node }) => node === peer)) return [];
      const sealedBytes = dispatch.contract.limits.outputBytes + limits.sealOverheadBytes;
      return [{ orderId, maxBytes: limits.outputsPerOrder * sealedBytes }];
    });

const TASK_STREAM = "task";
/** A letter that did not arrive by then is overtaken by a deadline of the ledger. */
const LETTER_TTL_MS = 60_000;

export const openMail = (
  { messaging, nodeId: me }: P2p,
  ledger: LedgerClient,
  options: Parameters<typeof createTaskMail>[1],
): TaskMail =>
  createTaskMail(
    {
      send: (to, payload) => messaging.send(to, TASK_STREAM, payload, { ttlMs: LETTER_TTL_MS }),
      onMessage(handler) {
        messaging.handle(TASK_STREAM, {
          async onSend({ from, payload }): Promise<"accept"> {
            await handler(from, payload);
            return "accept";
          },
        });
      },
      shareOrder(orderId, from) {
        const task = ledger.task(orderId);
        const parties = task === null ? [] : partiesOf(task);
        return parties.includes(me) && parties.includes(from);
      },
    },
    options,
  );

/** What loops is ended by its fuel, and a lost place by the ledger: this wall is for neither. */
const SANDBOX_WALL_MS = 24 * 3_600_000;

export async function openSandboxes(
  { clock, sandboxes }: NodeParts,
  { concurrency, sandboxMemoryBytes }: NodeOptions,
): Promise<Sandboxes> {
  if (sandboxes !== undefined) return sandboxes;
  const pool = await createSandboxPool({ clock }, { maxSessions: concurrency });
  return createSandboxes(pool, { wallMs: SANDBOX_WALL_MS, hostMemoryBytes: sandboxMemoryBytes });
}

/** What this node's programs hear from the world, and what it has kept of that. */
export const openOutside = async (
  parts: NodeParts,
  { folder, outside = NOTHING_OUTSIDE }: NodeOptions,
): Promise<OutsideParts> => ({
  services: await openServices(parts, outside),
  transcripts: await openTranscriptBook(join(folder, "transcripts")),
});

/** Does the node's part in every task that the ledger gives it; the result ends that. */
export function takeAssignments(
  road: Road,
  {
    sandboxes,
    outside,
    checkpoints,
  }: { sandboxes: Sandboxes; outside: OutsideParts; checkpoints: Checkpoints },
): () => Promise<void> {
  const parts = {
    ...road,
    openSandbox: sandboxes.open,
    hasRoom: () => sandboxes.hasRoom,
    pace: createPace(),
    outside,
    checkpoints,
  };
  const assignments = createAssignments({
    ...road,
    work: (assignment, signal) => work(parts, assignment, signal),
    verify: (assignment, signal) => verifyTask(parts, assignment, signal),
    sit: (assignment, signal) => sitOnPanel(parts, assignment, signal),
  });
  const forget = (forgotten: Promise<void>) =>
    forgotten.catch((error) => road.log.warn("a checkpoint stays", { error }));
  void forget(checkpoints.sweep((id) => (road.ledger.task(id)?.phase ?? "done") === "done"));
  const stopListening = road.ledger.onTask((task) => {
    assignments.onTask(task);
    if (task.phase === "done") void forget(checkpoints.forget(task.orderId));
  });
  return async () => {
    stopListening();
    await assignments.stop();
  };
}

/** What the node registers, and offers with each renewal. */
export function membershipOf(
  {
    secrets,
    invite,
    region,
    concurrency,
    cpus,
    sandboxMemoryBytes,
    outside = NOTHING_OUTSIDE,
  }: NodeOptions,
  { nodeId: me, keyPair, recordAt }: Identity,
  {
    ledgerNode,
    whereabouts,
  }: { ledgerNode: Pick<LedgerNode, "voteKey">; whereabouts: Whereabouts },
): Parameters<typeof keepMembership>[1] {
  const { keyVersion, identitySecret, recoverySecret } = secrets;
  const { transportKey } = recordAt([]).unsigned;
  const recoveryHash = recoveryHashOf(keyPairFromSecret(recoverySecret).publicKey);
  const sealKey = x25519PublicKey(deriveSeed(identitySecret, "sealing", keyVersion));
  return {
    newcomer: { me, keyPair, recoveryHash, transportKey, keyVersion },
    invite,
    offer: {
      runtimes: [...runtimeId.options],
      region,
      capacity: concurrency,
      serves: servicesIn(outside),
      memoryMiB: Math.min(65_536, Math.floor(sandboxMemoryBytes / (1 << 20))),
      cpus,
      get nearness() {
        return whereabouts.nearness;
      },
      // Another one after each election.
      get vote() {
        return ledgerNode.voteKey;
      },
      sealKey,
    },
  };
}

export function whyUnready({ relays }: P2p, ledger: LedgerNode): string | null {
  const { chain, heardOf, trouble } = ledger;
  if (trouble !== null) return `${trouble.code}: ${trouble.message}`;
  if (relays.connected === 0) return "no relay of the network is connected";
  if (heardOf > chain.head.height + 1) return `the ledger is at ${chain.head.height} of ${heardOf}`;
  return null;
}
