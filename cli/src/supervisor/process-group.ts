import { join } from "node:path";
import { assert, type Clock, every } from "@meshwork/foundation";
import { type BoundedLogFile, openLogFile } from "./bounded-log-file.ts";
import type { Ready } from "./child-message.ts";
import {
  type Exit,
  type ProcessSpec,
  type SupervisedProcess,
  spawnProcess,
} from "./supervised-process.ts";

/**
 * Processes that belong together: started by name, started again when they die, and stopped so that
 * nobody loses what he depends on before he has ended himself.
 */
export interface ProcessGroup {
  /** Resolves when the child says that it serves. */
  start(spec: ProcessSpec): Promise<Ready>;
  /** Stops every process, the highest tier first; those of one tier together. */
  stop(): Promise<void>;
  /** All, also one that has died and will be started again. */
  processes(): { name: string; pid: number }[];
}

export interface ProcessGroupOptions {
  readonly logFolder: string;
  /** @default 60 s: a cold machine reads a hundred megabytes of modules a process */
  readonly readyMs?: number;
  /** From SIGTERM to SIGKILL. @default 8 s: a node closes its store and says good-bye */
  readonly graceMs?: number;
  /** Deaths within ten minutes after which a process is left dead. @default 5 */
  readonly restarts?: number;
  /** Called on each exit, and on each spawn when `processes` tells of it. @default nothing */
  readonly onEvent?: (event: GroupEvent) => void;
}

export type GroupEvent =
  | { kind: "spawned"; name: string; pid: number }
  /** `restartInMs` is null when the group has given it up. */
  | { kind: "died"; name: string; exit: Exit; restartInMs: number | null };

interface Member {
  readonly spec: ProcessSpec;
  readonly log: BoundedLogFile;
  current: SupervisedProcess;
  deaths: number[];
  cancelRestart: () => void;
}

const DEATHS_WINDOW_MS = 600_000;
const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 8_000;
const ROTATE_EVERY_MS = 5_000;

const pauseAfter = (deaths: number): number =>
  Math.min(FIRST_RESTART_MS * 2 ** (deaths - 1), LONGEST_RESTART_MS);

export function createProcessGroup(clock: Clock, options: ProcessGroupOptions): ProcessGroup {
  const { readyMs = 60_000, graceMs = 8_000, restarts = 5, onEvent = () => {} } = options;
  const members = new Map<string, Member>();
  let stopping = false;

  const spawn = (spec: ProcessSpec, log: BoundedLogFile): SupervisedProcess => {
    const running = spawnProcess(clock, spec, {
      logDescriptor: log.descriptor,
      logPath: log.path,
      readyMs,
    });
    // A restarted child reports to nobody: its log and the next death tell.
    running.ready.catch(() => {});
    return running;
  };

  const announce = ({ spec, current }: Member): void =>
    onEvent({ kind: "spawned", name: spec.name, pid: current.pid });

  const watch = (member: Member): void => {
    member.current.exited.then((exit) => {
      if (stopping) return;
      const now = clock.monotonic();
      member.deaths = [...member.deaths.filter((time) => now - time < DEATHS_WINDOW_MS), now];
      const givenUp = member.deaths.length > restarts;
      const restartInMs = givenUp ? null : pauseAfter(member.deaths.length);
      onEvent({ kind: "died", name: member.spec.name, exit, restartInMs });
      if (restartInMs === null) return;
      member.cancelRestart = clock.setTimer(restartInMs, () => {
        member.current = spawn(member.spec, member.log);
        announce(member);
        watch(member);
      });
    });
  };

  const stopRotating = every(clock, ROTATE_EVERY_MS, () => {
    for (const { log } of members.values()) log.rotate();
  });

  return {
    async start(spec) {
      assert(!members.has(spec.name), `two processes are called ${spec.name}`);
      assert(!stopping, "a group that stops starts nothing");
      const log = openLogFile(join(options.logFolder, `${spec.name}.log`));
      const current = spawn(spec, log);
      const member: Member = { spec, log, current, deaths: [], cancelRestart: () => {} };
      members.set(spec.name, member);
      announce(member);
      // One that was never ready is not started again: its reason would only repeat itself.
      const ready = await current.ready;
      watch(member);
      return ready;
    },
    async stop() {
      stopping = true;
      stopRotating();
      const all = [...members.values()];
      for (const { cancelRestart } of all) cancelRestart();
      const tiers = [...new Set(all.map(({ spec }) => spec.tier))].sort((a, b) => b - a);
      for (const tier of tiers)
        await Promise.all(
          all.filter(({ spec }) => spec.tier === tier).map(({ current }) => current.stop(graceMs)),
        );
      for (const { log } of all) log.close();
      members.clear();
    },
    processes: () =>
      [...members.values()].map(({ spec, current }) => ({ name: spec.name, pid: current.pid })),
  };
}
