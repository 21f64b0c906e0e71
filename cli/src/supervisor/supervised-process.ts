import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "@meshwork/foundation";
import { childMessage, type Ready } from "./child-message.ts";
import { SupervisorError } from "./supervisor-error.ts";

/** What to run, and what to call it. */
export interface ProcessSpec {
  /** Unique in its group: `relay`, `node-3`. Its log file bears it. */
  readonly name: string;
  /** A plain-JavaScript launcher. */
  readonly entry: string;
  /** Added to our own environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops before all of a lower tier: whoever depends on others goes first. */
  readonly tier: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SupervisedProcess {
  readonly pid: number;
  /** Rejects with what the child said, or with how it ended, when it never becomes ready. */
  readonly ready: Promise<Ready>;
  /** Never rejects. */
  readonly exited: Promise<Exit>;
  /** SIGTERM, and SIGKILL for what is still there after `graceMs`. */
  stop(graceMs: number): Promise<Exit>;
}

export interface SpawnOptions {
  readonly logDescriptor: number;
  readonly logPath: string;
  readonly readyMs: number;
}

export function spawnProcess(
  clock: Clock,
  spec: ProcessSpec,
  options: SpawnOptions,
): SupervisedProcess {
  const child = spawn(process.execPath, [spec.entry], {
    env: { ...process.env, ...spec.env },
    stdio: ["ignore", options.logDescriptor, options.logDescriptor, "ipc"],
    // Ctrl-C goes to the terminal's foreground group: our children are to be stopped in order.
    detached: true,
  });
  const exited = exitOf(child);
  return {
    pid: child.pid ?? 0,
    exited,
    ready: readiness({ clock, child, exited, spec, options }),
    async stop(graceMs) {
      child.kill("SIGTERM");
      const cancel = clock.setTimer(graceMs, () => child.kill("SIGKILL"));
      const exit = await exited;
      cancel();
      return exit;
    },
  };
}

function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
    // It could not even be spawned.
    child.once("error", () => {
      if (child.pid === undefined) resolve({ code: 127, signal: null });
    });
  });
}

interface Birth {
  readonly clock: Clock;
  readonly child: ChildProcess;
  readonly exited: Promise<Exit>;
  readonly spec: ProcessSpec;
  readonly options: SpawnOptions;
}

function readiness({ clock, child, exited, spec, options }: Birth): Promise<Ready> {
  const { readyMs, logPath } = options;
  return new Promise((resolve, reject) => {
    const cancel = clock.setTimer(readyMs, () =>
      reject(
        new SupervisorError(
          "CHILD_NOT_READY",
          `${spec.name} was not ready after ${readyMs / 1_000} s; its log is ${logPath}`,
          { detail: { name: spec.name, readyMs, logPath } },
        ),
      ),
    );
    child.on("message", (received) => {
      const parsed = childMessage.safeParse(received);
      if (!parsed.success) return;
      cancel();
      if (parsed.data.kind === "ready") resolve(parsed.data);
      else reject(saidNo(spec, parsed.data, logPath));
    });
    exited.then((exit) => {
      cancel();
      reject(endedEarly(spec, exit, logPath));
    });
  });
}

function saidNo(spec: ProcessSpec, said: { code: string; message: string }, logPath: string) {
  return new SupervisorError(
    "CHILD_FAILED",
    `${spec.name} cannot serve: ${said.code}: ${said.message} (its log is ${logPath})`,
    { detail: { name: spec.name, code: said.code, logPath } },
  );
}

function endedEarly(spec: ProcessSpec, { code, signal }: Exit, logPath: string) {
  return new SupervisorError(
    "CHILD_EXITED",
    `${spec.name} ended before it was ready (${signal ?? `exit code ${code}`}); its log is ${logPath}`,
    { detail: { name: spec.name, code, signal, logPath } },
  );
}
