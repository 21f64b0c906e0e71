import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, type Random, systemClock, systemRandom } from "@meshwork/foundation";
import type { Genesis } from "@meshwork/protocol";
import type { Output } from "../output.ts";
import { takeOwnership } from "../supervisor/owner-file.ts";
import { createProcessGroup, type GroupEvent } from "../supervisor/process-group.ts";
import { identityOf } from "../supervisor/process-identity.ts";
import { type BroughtUp, bringUp } from "./bring-up.ts";
import { endOrphans } from "./end-orphans.ts";
import { openNetwork } from "./open-network.ts";
import { portsFrom, requireFree } from "./ports.ts";

export interface StartOptions {
  /** Holds everything that the network knows. */
  readonly data: string;
  readonly nodes: number;
  /** The first of three ports. */
  readonly port: number;
  /** Deletes what the folder knew. */
  readonly fresh: boolean;
  readonly logLevel: string;
  /** Settings of nodes and API that name stores. @default none: their folders keep it all */
  readonly stores?: Readonly<Record<string, string>>;
  /** Deaths within ten minutes after which a process is left dead. @default as the group has it */
  readonly restarts?: number;
  /** Stops the network, also one that is only coming up. */
  readonly signal: AbortSignal;
}

export interface RunningNetwork extends BroughtUp {
  readonly folder: string;
  readonly genesis: Genesis;
  /** False: it was there, with all that it knew. */
  readonly isNew: boolean;
  /** The processes as they are now: one that died has another number. */
  processes(): { name: string; pid: number }[];
}

export interface StartParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly output: Output;
}

const OWNER_FILE = "owner.json";

/**
 * Brings a whole network up as processes of this machine, hands it to `use`, and takes it down when
 * `use` ends, in whatever way. One supervisor owns a data folder at a time.
 */
export async function withNetwork<T>(
  options: StartOptions,
  output: Output,
  use: (network: RunningNetwork, began: number) => Promise<T>,
): Promise<T> {
  const parts: StartParts = { clock: systemClock, random: systemRandom, output };
  const began = parts.clock.monotonic();
  const ports = portsFrom(options.port);
  await mkdir(options.data, { recursive: true, mode: 0o700 });
  const ownership = takeOwnership(join(options.data, OWNER_FILE));
  try {
    await endOrphans(parts.clock, ownership.leftBehind);
    if (options.fresh) await forget(options.data);
    await requireFree(ports);
    const folder = join(options.data, "network");
    const { nodes } = options;
    const network = await openNetwork(parts, { folder, nodes, ports });
    output.say(
      `${network.isNew ? "A new network" : "The network"} ${network.chainId.slice(0, 16)}… in ${folder}`,
    );
    const url = `http://127.0.0.1:${ports.api}`;
    const group = createProcessGroup(parts.clock, {
      logFolder: join(options.data, "logs"),
      ...(options.restarts === undefined ? {} : { restarts: options.restarts }),
      onEvent: (event) => {
        if (event.kind === "spawned") ownership.record(group.processes().flatMap(identify), url);
        else tellOfDeath(output, event);
      },
    });
    try {
      const home = { folder, logLevel: options.logLevel, stores: options.stores ?? {} };
      const up = await unlessAborted(
        options.signal,
        bringUp({ ...parts, group, began }, home, { ports, nodes }),
      );
      const { genesis, isNew } = network;
      return await use({ ...up, folder, genesis, isNew, processes: group.processes }, began);
    } finally {
      await group.stop();
    }
  } finally {
    ownership.release();
  }
}

/** Rejects as soon as the signal aborts; what was under way is stopped by whoever owns it. */
function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}

const identify = ({ pid }: { pid: number }) => identityOf(pid) ?? [];

function tellOfDeath(output: Output, event: GroupEvent & { kind: "died" }): void {
  const { name, exit, restartInMs } = event;
  const how = exit.signal ?? `exit code ${exit.code}`;
  const next =
    restartInMs === null ? "too often: it stays down" : `starts again in ${restartInMs / 1_000} s`;
  output.note(`  ${name} died (${how}); ${next}`);
  output.emit("died", { name, ...exit, restartInMs });
}

/** Everything but the file that says whose the folder is. */
async function forget(data: string): Promise<void> {
  for (const name of await readdir(data))
    if (name !== OWNER_FILE) await rm(join(data, name), { recursive: true, force: true });
}
