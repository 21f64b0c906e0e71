import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { packChecks, type SignatureCheck, verify } from "@meshwork/crypto";
import { assert } from "@meshwork/foundation";

export interface SignaturePool {
  /** Whether each of them holds, in their order. Never rejects: where threads fail this one checks. */
  verify(checks: readonly SignatureCheck[]): Promise<boolean[]>;
  stop(): Promise<void>;
}

/** Fewer are checked on the spot: they take 3 ms, and a thread's answer comes a turn later at best. */
export const WORTH_A_THREAD = 16;
/** More threads than this would outrun the rest of a node. */
const THREADS_AT_MOST = 4;

interface Thread {
  readonly worker: Worker;
  /** Resolvers of the jobs under way, in their order, each with what to do if the thread dies. */
  readonly waiting: {
    checks: readonly SignatureCheck[];
    resolve: (verdicts: boolean[]) => void;
  }[];
}

/**
 * SM2 checks in parallel and off the main thread, which has votes to answer meanwhile. The threads start
 * with the first batch that is worth it: a node that never sees one pays nothing.
 */
export function createSignaturePool({
  threads = Math.min(THREADS_AT_MOST, availableParallelism()),
}: {
  /** @default one a processor, four at most */
  threads?: number;
} = {}): SignaturePool {
  let running: Thread[] | null = null;
  let isStopped = false;

  function ask({ worker, waiting }: Thread, checks: readonly SignatureCheck[]): Promise<boolean[]> {
    return new Promise((resolve) => {
      waiting.push({ checks, resolve });
      worker.ref();
      const packed = packChecks(checks);
      worker.postMessage(packed, [packed.buffer]);
    });
  }

  return {
    async verify(checks) {
      if (isStopped || threads < 1 || checks.length < WORTH_A_THREAD) return checks.map(holds);
      running ??= Array.from({ length: threads }, startThread);
      const alive = running.filter(isAlive);
      if (alive.length === 0) return checks.map(holds);
      const share = Math.ceil(checks.length / alive.length);
      const parts = alive.flatMap((thread, i) => {
        const part = checks.slice(i * share, (i + 1) * share);
        return part.length === 0 ? [] : [ask(thread, part)];
      });
      return (await Promise.all(parts)).flat();
    },
    async stop() {
      isStopped = true;
      await Promise.all((running ?? []).map(({ worker }) => worker.terminate()));
    },
  };
}

const holds = ({ publicKey, message, signature }: SignatureCheck): boolean =>
  verify(publicKey, message, signature);

const isAlive = ({ worker }: Thread): boolean => worker.threadId !== -1;

function startThread(): Thread {
  const worker = new Worker(new URL("./signature-worker.ts", import.meta.url));
  const waiting: Thread["waiting"] = [];
  worker.on("message", (verdicts: Uint8Array) => {
    const next = waiting.shift();
    assert(next, "a thread answers each job once");
    // An idle thread keeps no process alive.
    if (waiting.length === 0) worker.unref();
    next.resolve(Array.from(verdicts, (verdict) => verdict === 1));
  });
  // Whatever ended it: nobody is left without an answer.
  worker.on("error", () => {});
  worker.on("exit", () => {
    for (const { checks, resolve } of waiting.splice(0)) resolve(checks.map(holds));
  });
  worker.unref();
  return { worker, waiting };
}
