import { openKeys, openOrMakeKeys } from "@meshwork/crypto";
import { systemClock, systemRandom } from "@meshwork/foundation";
import {
  createLog,
  createMetrics,
  createPulseLog,
  type Log,
  startHttpProbe,
  startPulse,
} from "@meshwork/observability";
import { readConfig } from "./config.ts";
import { fetchByInvite } from "./membership/fetch-by-invite.ts";
import { findGenesis } from "./membership/find-genesis.ts";
import { type Node, startNode } from "./node.ts";
import { pulseOf } from "./pulse.ts";
import { untilToldToStop } from "./until-told-to-stop.ts";

/** The edge node's process: settings, node, probe; and everything stopped in reverse. */
export async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog({ level: config.logLevel, fields: { process: "edge-node" } });
  const metrics = createMetrics();
  const stopping = untilToldToStop();
  await using running = new AsyncDisposableStack();

  const parts = { clock: systemClock, random: systemRandom, log, metrics, onFatal: stopping.fail };
  const secrets = await (config.invite === null ? openKeys(config) : openOrMakeKeys(parts, config));
  const place = await findGenesis(config, (invite) => fetchByInvite(parts, invite, secrets));
  const node = await startNode(parts, { ...config, ...place, role: "edge", secrets });
  running.defer(() => node.stop());
  const probe = await startHttpProbe(
    { metrics, readiness: node.unready },
    { port: config.probePort },
  );
  running.defer(() => probe.stop());
  const pulseLog = createPulseLog({ level: config.logLevel, process: "edge-node" });
  running.defer(startPulse({ clock: systemClock, log: pulseLog }, () => pulseOf(node)));

  tellReady(log, node, probe.url);
  await stopping.told;
  log.info("stopping");
}

function tellReady(log: Log, { nodeId, p2p }: Node, probeUrl: string): void {
  const ready = { nodeId, addresses: p2p.addresses(), probeUrl };
  log.info("ready", ready);
  process.send?.({ kind: "ready", ...ready });
}
