import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock, systemRandom } from "@meshwork/foundation";
import { TestNetwork } from "@meshwork/ledger/testing";
import { createMetrics, silentLog } from "@meshwork/observability";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startNode } from "../node.ts";

const { genesis } = new TestNetwork();
/** Two hours after the genesis; whoever waits for a second waits for a twentieth. */
const hasty: Clock = {
  now: () => genesis.time + 7_200_000,
  monotonic: () => systemClock.monotonic() * 20,
  setTimer: (delayMs, callback) => systemClock.setTimer(delayMs / 20, callback),
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-restarted-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a node that looked for a snapshot in vain starts all the same, at the genesis", async () => {
  const node = await startNode(
    {
      ...{ clock: hasty, random: systemRandom, log: silentLog, metrics: createMetrics() },
      onFatal: (error) => expect.unreachable(String(error)),
    },
    {
      ...{ folder, genesis, role: "gateway", invite: null, relays: [], region: "test" },
      secrets: {
        keyVersion: 0,
        identitySecret: systemRandom.bytes(32).fill(1, 0, 1),
        recoverySecret: systemRandom.bytes(32).fill(1, 0, 1),
      },
      listen: ["/ip4/127.0.0.1/tcp/0"],
      ...{ concurrency: 1, cpus: 1, sandboxMemoryBytes: 1 << 28, objectsBytes: 1 << 26 },
    },
  );
  expect(node.chain.head.height).toBe(0);
  await node.stop();
});
