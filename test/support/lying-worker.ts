import { join } from "node:path";
import { openOrMakeKeys } from "@meshwork/crypto";
import {
  createSandboxes,
  createSandboxPool,
  fetchByInvite,
  findGenesis,
  type Node,
  type Sandboxes,
  startNode,
} from "@meshwork/edge-node";
import { concat, systemClock, systemRandom, utf8 } from "@meshwork/foundation";
import { createMetrics, silentLog } from "@meshwork/observability";

/**
 * A stranger who joins by invite and does everything as the protocol wants it, but for one thing: what
 * his programs write is his. Nothing in the product knows him: he is the node's own code around a
 * sandbox that lies.
 */
export async function joinAsLiar(folder: string, invite: string): Promise<Node> {
  const parts = {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: createMetrics({ processMetrics: false }),
    onFatal: (error: unknown) => {
      throw error;
    },
  };
  const keystoreFile = join(folder, "keystore.json");
  const secrets = await openOrMakeKeys(parts, {
    keystoreFile,
    passphraseFile: join(folder, "passphrase"),
  });
  const options = { folder, genesisFile: null, invite, relays: [] };
  const place = await findGenesis(options, (read) => fetchByInvite(parts, read, secrets));
  return startNode(
    { ...parts, sandboxes: await lyingSandboxes() },
    {
      ...place,
      folder,
      role: "edge",
      secrets,
      listen: ["/ip4/127.0.0.1/tcp/0"],
      region: "local",
      concurrency: 2,
      cpus: 2,
      sandboxMemoryBytes: 1 << 30,
      objectsBytes: 1 << 30,
    },
  );
}

/** Runs the true program, and then says that its first step wrote something else. */
async function lyingSandboxes(): Promise<Sandboxes> {
  const pool = await createSandboxPool({ clock: systemClock });
  const honest = createSandboxes(pool, { wallMs: 60_000, hostMemoryBytes: 1 << 30 });
  return {
    get hasRoom() {
      return honest.hasRoom;
    },
    async open(task, signal) {
      const running = await honest.open(task, signal);
      return {
        steps: running.steps,
        async runSegment(segment) {
          const outcome = await running.runSegment(segment);
          if (outcome.kind === "fault" || segment.index > 0) return outcome;
          return { ...outcome, output: concat(outcome.output, utf8(" and a lie")) };
        },
        close: () => running.close(),
      };
    },
    stop: () => honest.stop(),
  };
}
