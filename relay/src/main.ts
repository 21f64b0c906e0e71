import { once } from "node:events";
import { openOrMakeKeys } from "@meshwork/crypto";
import { systemClock, systemRandom } from "@meshwork/foundation";
import {
  createLog,
  createMetrics,
  createPulseLog,
  startHttpProbe,
  startPulse,
} from "@meshwork/observability";
import { readConfig } from "./config.ts";
import { readGenesis } from "./read-genesis.ts";
import { startRelay } from "./relay.ts";

/** The relay's process: settings, relay, probe; and everything stopped in reverse. */
export async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog({ level: config.logLevel, fields: { process: "relay" } });
  const metrics = createMetrics();
  const told = untilToldToStop();
  await using running = new AsyncDisposableStack();

  const parts = { clock: systemClock, random: systemRandom, log, metrics };
  const genesis = await readGenesis(config.genesisFile);
  const secrets = await openOrMakeKeys(parts, config);
  const relay = await startRelay(parts, { ...config, secrets, genesis });
  running.defer(() => relay.stop());
  const probe = await startHttpProbe({ metrics, readiness: relay.unready }, config.probe);
  running.defer(() => probe.stop());
  const pulseLog = createPulseLog({ level: config.logLevel, process: "relay" });
  running.defer(startPulse({ clock: systemClock, log: pulseLog }, () => ({})));

  const { nodeId, peerId } = relay;
  const ready = { nodeId, peerId, addresses: relay.addresses(), probeUrl: probe.url };
  log.info("ready", ready);
  process.send?.({ kind: "ready", ...ready });
  await told;
  log.info("stopping");
}

/** The launcher turns the end of a supervisor into SIGTERM. */
const untilToldToStop = (): Promise<unknown> =>
  Promise.race(["SIGTERM", "SIGINT", "SIGHUP"].map((signal) => once(process, signal)));
