import { join } from "node:path";
import { deriveSeed, type KeyPair, keyPairFromSecret, x25519PublicKey } from "@meshwork/crypto";
import { type Clock, limits, type NodeId } from "@meshwork/foundation";
import type { State } from "@meshwork/ledger";
import type { Log } from "@meshwork/observability";
import { createP2p, type Identity, type P2p } from "@meshwork/p2p";
import { runtimeId, streamNames } from "@meshwork/protocol";
import { openFolderStore } from "@meshwork/storage";
import { ledgerAdmission } from "./admission.ts";
import { partiesOf } from "./assignment.ts";
import { createAssignments } from "./assignments.ts";
import { type LedgerNode, startLedgerNode } from "./chain/ledger-node.ts";
import { verifyTask } from "./committee/verify-task.ts";
import { createBlobs } from "./data/blobs.ts";
import type { LedgerClient } from "./ledger-client.ts";
import type { DispatchBook } from "./mail/dispatch-book.ts";
import { createTaskMail } from "./mail/task-mail.ts";
import { recoveryHashOf } from "./membership/join-network.ts";
import type { keepMembership } from "./membership/keep-membership.ts";
import type { NodeOptions, NodeParts } from "./node.ts";
import type { Blobs, TaskMail } from "./ports.ts";
import type { Results } from "./requester/collect-result.ts";
import { createSandboxPool } from "./runtime/sandbox-pool.ts";
import { createSandboxes, type Sandboxes } from "./sandboxes.ts";
import type { TaskSecrets } from "./task-secrets.ts";
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
    { ...parts, me: p2p.nodeId, channels: p2p.channels, otherPeers: () => p2p.peers.connected() },
    { folder: options.folder, genesis: options.genesis, votes: options.role === "edge" },
  );

/** Task data, from this node's folder or from any peer; see `data/README.md`. */
export async function serveBlobs(
  { clock, log }: NodeParts,
  { folder, objectsBytes }: NodeOptions,
  { p2p, expects }: { p2p: P2p; expects: (peer: NodeId) => boolean },
): Promise<Blobs> {
  const store = await openFolderStore({
    folder: join(folder, "objects"),
    maxTotalBytes: objectsBytes,
    maxObjectBytes: limits.inputBytes + limits.sealOverheadBytes,
  });
  const blobs = createBlobs({
    store,
    openChannel: (peer, signal) =>
      p2p.channels.open(peer, streamNames.blobs, signal ? { signal } : {}),
    clock,
    log,
    admitPut: expects,
  });
  await p2p.channels.serve(streamNames.blobs, blobs.onChannel);
  return blobs;
}

/** Results in plaintext: see `collect-result`. */
export const openResults = ({ folder, objectsBytes }: NodeOptions): Promise<Results> =>
  openFolderStore({
    folder: join(folder, "results"),
    maxTotalBytes: objectsBytes,
    maxObjectBytes: limits.outputBytes,
  });

/** Who works on an order of ours may leave his sealed result here; nobody else may leave anything. */
export const expectsFrom =
  (ledger: LedgerClient, dispatches: DispatchBook) =>
  (peer: NodeId): boolean =>
    dispatches.orders().some((orderId) => {
      const task = ledger.task(orderId);
      return (
        task !== null && task.phase !== "done" && task.workers.some(({ node }) => node === peer)
      );
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
          onSend({ from, payload }) {
            handler(from, payload);
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

/** Does the node's part in every task that the ledger gives it; the result ends that. */
export function takeAssignments(road: Road, sandboxes: Sandboxes): () => Promise<void> {
  const parts = { ...road, openSandbox: sandboxes.open, hasRoom: () => sandboxes.hasRoom };
  const assignments = createAssignments({
    ...road,
    work: (assignment, signal) => work(parts, assignment, signal),
    verify: (assignment, signal) => verifyTask(parts, assignment, signal),
  });
  const stopListening = road.ledger.onTask((task) => assignments.onTask(task));
  return async () => {
    stopListening();
    await assignments.stop();
  };
}

/** What the node registers, and offers with each renewal. */
export function membershipOf(
  { secrets, invite, region, concurrency }: NodeOptions,
  { nodeId: me, keyPair, recordAt }: Identity,
  { voteKey }: LedgerNode,
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
      vote: voteKey,
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
