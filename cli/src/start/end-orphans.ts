import { type Clock, sleep } from "@meshwork/foundation";
import { isAlive, type ProcessIdentity } from "../supervisor/process-identity.ts";

const GRACE_MS = 12_000;
const LOOK_EVERY_MS = 100;

/**
 * Children of a supervisor that was killed end by themselves; what does not is ended. Nothing of the
 * new network starts before: two processes on one store would corrupt it.
 */
export async function endOrphans(clock: Clock, orphans: readonly ProcessIdentity[]): Promise<void> {
  const deadline = clock.monotonic() + GRACE_MS;
  let left = orphans.filter(isAlive);
  while (left.length > 0 && clock.monotonic() < deadline) {
    await sleep(clock, LOOK_EVERY_MS);
    left = left.filter(isAlive);
  }
  for (const { pid } of left) process.kill(pid, "SIGKILL");
  while (left.some(isAlive)) await sleep(clock, LOOK_EVERY_MS);
}
