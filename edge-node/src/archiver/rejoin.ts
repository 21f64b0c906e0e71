import { join } from "node:path";
import { type Clock, CodedError, codeOf, every, utf8 } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { P2p } from "@meshwork/p2p";
import { type Genesis, headerHash } from "@meshwork/protocol";
import type { NamedBlock } from "@meshwork/verify";
import type { LedgerNode } from "../chain/ledger-node.ts";
import type { FoundSnapshot } from "../chain/snapshot/index.ts";
import { higherOf } from "../chain/snapshot/join-by-snapshot.ts";
import { requireProven } from "../chain/snapshot/read-snapshot.ts";
import type { Chain } from "../chain/store/chain.ts";
import { readIfThere, replaceFile } from "../chain/store/durable-file.ts";
import type { SnapshotPlaces } from "./keep-snapshots.ts";
import { snapshotSources } from "./snapshot-sources.ts";

export class RejoinError extends CodedError<"REJOIN_BY_SNAPSHOT"> {}

export interface RejoinParts {
  ledger: Pick<LedgerNode, "trouble"> & { chain: Pick<Chain, "head" | "handOvers"> };
  p2p: P2p;
  clock: Clock;
  log: Log;
  /** Ends the node in order, and its process: whoever supervises that starts it again. */
  onFatal: (error: unknown) => void;
}

export interface RejoinOptions extends SnapshotPlaces {
  genesis: Genesis;
  checkpoint?: NamedBlock | null;
}

const LOOK_EVERY_MS = 5_000;
const ASK_AGAIN_MS = 60_000;
/** What is offered may be a liar's, which only its chunks show: he shall not end the node again and again. */
const AGAIN_AFTER_FAILURE_MS = 600_000;

/** Lies in the node's folder while it wants to begin at whatever snapshot is higher. */
export const wishOf = (folder: string): string => join(folder, "rejoin");
/** Lies there since it began again in vain; its text is the wall time of that. */
export const failureOf = (folder: string): string => join(folder, "rejoin-failed");

/**
 * While nobody has the node's next block: looks for a snapshot that would be taken, and where there is
 * one ends the node, which takes it when it starts again. A ledger is never changed under the parts that
 * live on it; and without a snapshot to be had the node stays up, unready, and asks again.
 */
export function rejoinWhenStranded(parts: RejoinParts, options: RejoinOptions): () => void {
  const { ledger, clock, log, onFatal } = parts;
  let notBefore = 0;
  const stop = every(clock, LOOK_EVERY_MS, async () => {
    const { trouble } = ledger;
    if (trouble?.code !== "SYNC_STRANDED" || clock.monotonic() < notBefore) return;
    notBefore = clock.monotonic() + ASK_AGAIN_MS;
    if (await hasJustFailed(options.folder, clock)) return;
    log.error("the ledger goes on by a snapshot alone", {
      ...{ code: trouble.code, reason: trouble.message },
    });
    const height = await offeredHeight(parts, options);
    if (height === null) return log.warn("no snapshot is offered that would help; asked again");
    await replaceFile(wishOf(options.folder), utf8(`${ledger.chain.head.height}\n`));
    stop();
    onFatal(
      new RejoinError(
        "REJOIN_BY_SNAPSHOT",
        `the node ends to begin again at the snapshot of height ${height}: start it again, if nothing does that by itself`,
        { cause: trouble },
      ),
    );
  });
  return stop;
}

async function hasJustFailed(folder: string, clock: Pick<Clock, "now">): Promise<boolean> {
  const failedAt = Number(await readIfThere(failureOf(folder)));
  return Math.abs(clock.now() - failedAt) < AGAIN_AFTER_FAILURE_MS;
}

/** The height of one that holds, as far as can be told before its chunks are here. */
async function offeredHeight(parts: RejoinParts, options: RejoinOptions): Promise<number | null> {
  const { clock, log, p2p, ledger } = parts;
  const { head } = ledger.chain;
  const own = (await ledger.chain.handOvers(Math.max(0, head.header.epoch - 1), 2)).at(-1)?.header;
  const checked = own === undefined ? null : { height: own.height, hash: headerHash(own) };
  const trust = { now: clock.now(), checkpoint: higherOf(options.checkpoint ?? null, checked) };
  const holds = ({ manifest }: FoundSnapshot): boolean => {
    try {
      requireProven(manifest, options.genesis, trust);
      return manifest.height > head.height;
    } catch (error) {
      log.warn("a snapshot would be refused", { code: codeOf(error), height: manifest.height });
      return false;
    }
  };
  for (const source of snapshotSources({ clock, log, withPeers: (work) => work(p2p) }, options)) {
    try {
      const found = await source.visit(async (offered) => offered.find(holds));
      if (found !== undefined) return found.manifest.height;
    } catch (error) {
      log.warn("no snapshot could be had", { source: source.name, code: codeOf(error) });
    }
  }
  return null;
}
