import { type Clock, every } from "@meshwork/foundation";
import { createLog, type Log, type LogLevel } from "./log.ts";

/** What a member says of itself each minute, besides that it lives. What is not known is left out. */
export interface Pulse {
  /** Wall time of the last final block, in ms. */
  blockTime?: number | undefined;
  /** Wall time of the block after which the newest published snapshot was taken, in ms. */
  snapshotTime?: number | undefined;
}

const PERIOD_MS = 60_000;

/**
 * Logs `{"message":"pulse", …}` now and each minute: by it an operator hears that the event loop turns, and
 * how old what matters is. `infra/README.md` says who reads it.
 */
export function startPulse(
  { clock, log }: { clock: Clock; log: Log },
  read: () => Pulse,
): () => void {
  const beat = () => {
    const { blockTime, snapshotTime } = read();
    log.info("pulse", {
      ...ageOf("blockAgeSeconds", blockTime),
      ...ageOf("snapshotAgeSeconds", snapshotTime),
    });
  };
  /** Another machine's clock made the time, and may be ahead of ours. */
  const ageOf = (field: string, time: number | undefined) =>
    time === undefined ? {} : { [field]: Math.max(0, Math.floor((clock.now() - time) / 1_000)) };

  beat();
  return every(clock, PERIOD_MS, beat);
}

/** Where pulses go: who wants to read warnings only must not look dead for it. */
export const createPulseLog = (options: { level: LogLevel; process: string }): Log =>
  createLog({
    level: options.level === "silent" ? "silent" : "info",
    fields: { process: options.process },
  });
