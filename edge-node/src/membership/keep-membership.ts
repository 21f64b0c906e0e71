import { type Clock, codeOf, type NodeId, sleep } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { Invite } from "@meshwork/protocol";
import type { LedgerNode } from "../chain/ledger-node.ts";
import type { Chain } from "../chain/store/chain.ts";
import type { TaskLedger } from "../ports.ts";
import { joinNetwork, type Newcomer } from "./join-network.ts";
import { keepLease, type Offer } from "./keep-lease.ts";
import { reportFaults } from "./report-faults.ts";

export interface MembershipParts {
  me: NodeId;
  chain: Pick<Chain, "head">;
  ledger: Pick<TaskLedger, "transact">;
  /** The greatest height that a peer claims. */
  heardOf(): number;
  /** Two votes that convict a seat. */
  onEvidence: LedgerNode["onEvidence"];
  clock: Clock;
  log: Log;
}

const LOOK_EVERY_MS = 500;
const RETRY_MS = 5_000;

/**
 * Registers the node if the ledger does not know it, keeps its lease for as long as it runs, and brings
 * before the ledger what convicts others.
 */
export function keepMembership(
  parts: MembershipParts,
  { newcomer, invite, offer }: { newcomer: Newcomer; invite: Invite | null; offer: Offer },
  signal: AbortSignal,
): { stopped: Promise<void> } {
  const run = async () => {
    parts.onEvidence(reportFaults(parts, signal));
    await caughtUp(parts, signal);
    await join(parts, { newcomer, invite }, signal);
    signal.addEventListener("abort", keepLease(parts, offer, signal), { once: true });
  };
  return { stopped: run().catch((error) => logUnlessStopped(parts, error, signal)) };
}

/** Whoever joins must know how things stand: a registration on an old state would be refused. */
async function caughtUp(
  { chain, heardOf, clock }: MembershipParts,
  signal: AbortSignal,
): Promise<void> {
  while (chain.head.height === 0 || chain.head.height < heardOf())
    await sleep(clock, LOOK_EVERY_MS, signal);
}

async function join(
  parts: MembershipParts,
  { newcomer, invite }: { newcomer: Newcomer; invite: Invite | null },
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      return await joinNetwork(parts, newcomer, { invite, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      parts.log.error("the network does not take this node in yet", { code: codeOf(error), error });
      await sleep(parts.clock, RETRY_MS, signal);
    }
  }
}

function logUnlessStopped({ log }: MembershipParts, error: unknown, signal: AbortSignal): void {
  if (!signal.aborted) log.error("the node's membership is kept no longer", { error });
}
