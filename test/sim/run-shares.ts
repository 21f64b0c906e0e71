import { Worker } from "node:worker_threads";

/** What a worker's thread says: first what it begins, so that it is known should the thread die of it. */
export type Told<Report> = { kind: "begins"; what: string } | { kind: "report"; report: Report };

/** A campaign's thread died, by a fault or for want of memory: the text says at which run. */
export class CampaignError extends Error {
  override readonly name = "CampaignError";
}

/** Each share on a thread of its own; `onReport` hears of each run as it ends, in no order. */
export async function runShares<Share, Report>(
  program: URL,
  shares: readonly Share[],
  onReport: (report: Report) => void,
): Promise<void> {
  await Promise.all(shares.map((share) => runShare(program, share, onReport)));
}

function runShare<Share, Report>(
  program: URL,
  share: Share,
  onReport: (report: Report) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { workerData: share });
    let begun = "its first run";
    const died = (why: string, cause?: unknown) =>
      reject(new CampaignError(`a thread died at ${begun}: ${why}`, { cause }));
    worker.on("message", (told: Told<Report>) => {
      if (told.kind === "begins") begun = told.what;
      else onReport(told.report);
    });
    worker.on("error", (error) => died(error.message, error));
    worker.on("exit", (code) => (code === 0 ? resolve() : died(`it ended with code ${code}`)));
  });
}
