import { type Clock, every } from "@meshwork/foundation";
import type { Log } from "@meshwork/observability";
import type { NodeRecord } from "@meshwork/protocol";
import type { Discovery } from "./discovery.ts";
import type { Host } from "./host.ts";

/** Keeps this node's record in the DHT up to date. */
export interface Announcer {
  start(): void;
  stop(): void;
  /** Something has changed: publishes soon, once for many changes. */
  touch(): void;
}

/** Addresses come in bursts while a node starts. */
const SETTLE_MS = 200;
/** DHT servers keep records in memory: those that restarted hear of this node again within this. */
const REPEAT_MS = 10 * 60_000;
/** Nobody took it: there was no DHT server yet. */
const RETRY_MS = 2_000;

export function createAnnouncer(parts: {
  host: Host;
  discovery: Discovery;
  ownRecord: () => NodeRecord;
  clock: Clock;
  log: Log;
}): Announcer {
  const { host, clock, log } = parts;
  const controller = new AbortController();
  const { signal } = controller;
  let cancelTimer: (() => void) | undefined;
  let stopRepeating = () => {};
  let publishing = false;

  const publish = async () => {
    cancelTimer = undefined;
    if (publishing) return schedule(RETRY_MS);
    const record = parts.ownRecord();
    // Nobody could use it yet: the first address brings us back here.
    if (record.unsigned.addresses.length === 0) return;
    publishing = true;
    const stored = await parts.discovery.publish(record, signal).finally(() => {
      publishing = false;
    });
    log.debug("record published", { stored, addresses: record.unsigned.addresses.length });
    if (stored === 0) schedule(RETRY_MS);
  };
  const schedule = (delayMs: number) => {
    if (!signal.aborted) cancelTimer ??= clock.setTimer(delayMs, publish);
  };
  const touch = () => schedule(SETTLE_MS);
  return {
    start() {
      host.addEventListener("self:peer:update", touch);
      stopRepeating = every(clock, REPEAT_MS, touch);
    },
    stop() {
      host.removeEventListener("self:peer:update", touch);
      stopRepeating();
      controller.abort();
      cancelTimer?.();
    },
    touch,
  };
}
