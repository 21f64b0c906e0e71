import type { Evidence } from "@meshwork/consensus";
import { BoundedMap, type Clock, codeOf, limits, sleep } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { Chain } from "../chain/store/chain.ts";
import type { TaskLedger } from "../ports.ts";

export interface FaultParts {
  chain: Pick<Chain, "head">;
  ledger: Pick<TaskLedger, "transact">;
  clock: Clock;
  log: Log;
}

const RETRY_MS = 5_000;
/** The ledger will never say otherwise. */
const FINAL = new Set(["CONVICTED_ALREADY", "EVIDENCE_TOO_OLD", "NO_FAULT"]);

/**
 * Brings before the ledger what convicts a seat: each seat of an epoch once, until the ledger has
 * answered. All honest members do, and the first is heard. What was handed in survives a restart in the
 * pool's journal.
 */
export function reportFaults(parts: FaultParts, signal: AbortSignal): (evidence: Evidence) => void {
  const reported = new BoundedMap<string, true>(limits.committeeSeats);
  return (evidence) => {
    const name = `${evidence.first.ballot.epoch} ${evidence.seat}`;
    if (reported.get(name)) return;
    reported.set(name, true);
    void report(parts, evidence, signal);
  };
}

async function report(
  { chain, ledger, clock, log }: FaultParts,
  { seat, first, second }: Evidence,
  signal: AbortSignal,
): Promise<void> {
  const { epoch, height, view } = first.ballot;
  const node = chain.head.state.committeeOf(epoch)?.seats[seat]?.node;
  const about = { node, epoch, height, view };
  while (!signal.aborted && !(node !== undefined && chain.head.state.isBlacklisted(node))) {
    try {
      await ledger.transact({ kind: "fault", first, second }, signal);
      log.warn("a seat that signed two votes is convicted", about);
      return;
    } catch (error) {
      if (FINAL.has(codeOf(error))) return;
      log.warn("a fault could not be reported yet", { ...about, code: codeOf(error), error });
      await sleep(clock, RETRY_MS, signal).catch(() => {});
    }
  }
}
