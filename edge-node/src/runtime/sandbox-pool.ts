import { readFile } from "node:fs/promises";
import { type Clock, every } from "@meshwork/foundation";
import { loadJsEngine } from "./js-engine.ts";
import { runOnWorld } from "./run-on-world.ts";
import type { HostLimits, HostTask, Segment, SegmentOutcome } from "./runtime.ts";
import { sandboxCommand } from "./sandbox-command.ts";
import { SandboxError } from "./sandbox-error.ts";
import { encodePrepare, type SandboxReply } from "./sandbox-messages.ts";
import { SandboxProcess } from "./sandbox-process.ts";

export interface SandboxPoolOptions {
  /**
   * Tasks at a time.
   * @default 2 One for the node's own work and one for what it verifies.
   */
  readonly maxSessions?: number;
  /**
   * Children that stand ready, so that a task need not wait for one to start (about 0.1 s).
   * @default 1
   */
  readonly warm?: number;
}

/** A task that is open in a child of its own. */
export interface SandboxSession {
  readonly steps: number;
  /** One at a time. Rejects with a SandboxError when the host fails. */
  runSegment(segment: Segment): Promise<SegmentOutcome>;
  /** Ends the child, and resolves when it is gone. */
  close(): Promise<void>;
}

export interface SandboxPool {
  /** Rejects with a SandboxError; a program that cannot be opened is a session that faults. */
  open(
    task: HostTask,
    options: { hostLimits: HostLimits; signal?: AbortSignal },
  ): Promise<SandboxSession>;
  readonly hasRoom: boolean;
  /** The kernel's walls around each child, for the log: see `sandbox-command.ts`. */
  readonly walls: readonly string[];
  /** Kills every child, and resolves when none is left. */
  stop(): Promise<void>;
}

/**
 * Getting a child ready takes a third of a second of processor time, which the task that has just been
 * opened wants for itself. So the next one is started when a task has ended, or when this is over.
 */
const REFILL_AFTER_MS = 2_000;

/** A child may outgrow its bound by what it can touch in this time: some 100 MB. */
const MEMORY_POLL_MS = 50;

export async function createSandboxPool(
  parts: { clock: Clock },
  options: SandboxPoolOptions = {},
): Promise<SandboxPool> {
  const command = await sandboxCommand();
  const prepare = encodePrepare(loadJsEngine());
  const start = () => new SandboxProcess(command, prepare);
  const { clock } = parts;
  const { walls } = command;
  return new Pool({ clock, walls, start }, { maxSessions: 2, warm: 1, ...options });
}

interface PoolParts {
  readonly clock: Clock;
  readonly walls: readonly string[];
  start(): SandboxProcess;
}

class Pool implements SandboxPool {
  readonly #parts: PoolParts;
  readonly #options: Required<SandboxPoolOptions>;
  readonly #warm: SandboxProcess[] = [];
  readonly #busy = new Set<SandboxProcess>();
  #stopped = false;
  #cancelRefill: (() => void) | null = null;

  get walls(): readonly string[] {
    return this.#parts.walls;
  }

  constructor(parts: PoolParts, options: Required<SandboxPoolOptions>) {
    this.#parts = parts;
    this.#options = options;
    this.#refill();
  }

  get hasRoom(): boolean {
    return !this.#stopped && this.#busy.size < this.#options.maxSessions;
  }

  async open(
    task: HostTask,
    options: { hostLimits: HostLimits; signal?: AbortSignal },
  ): Promise<SandboxSession> {
    if (this.#stopped) throw new SandboxError("SANDBOX_STOPPED", "the sandbox pool has stopped");
    if (!this.hasRoom)
      throw new SandboxError(
        "SANDBOX_BUSY",
        `all ${this.#options.maxSessions} sandboxes are taken; try again later`,
      );
    const child = this.#take();
    const release = this.#watch(child, options);
    const close = async () => {
      child.kill(new SandboxError("ABORTED", "the sandbox was closed"));
      await child.exited;
    };
    void child.exited.then(release);
    try {
      const { steps } = expect(await child.open(task), "opened", child);
      const runSegment = async (segment: Segment) =>
        expect(await runOnWorld(child, task, segment), "outcome", child).outcome;
      return { steps, runSegment, close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRefill?.();
    const all = [...this.#warm, ...this.#busy];
    for (const child of all)
      child.kill(new SandboxError("SANDBOX_STOPPED", "the sandbox pool has stopped"));
    await Promise.all(all.map((child) => child.exited));
  }

  #take(): SandboxProcess {
    const ready = this.#warm.splice(0).filter((child) => child.alive);
    const child = ready.shift() ?? this.#parts.start();
    this.#warm.push(...ready);
    this.#busy.add(child);
    this.#cancelRefill ??= this.#parts.clock.setTimer(REFILL_AFTER_MS, () => this.#refill());
    return child;
  }

  #refill(): void {
    this.#cancelRefill?.();
    this.#cancelRefill = null;
    while (!this.#stopped && this.#warm.length < this.#options.warm)
      this.#warm.push(this.#parts.start());
  }

  /** Kills the child when the host's limits or the caller say so; gives what ends the watch. */
  #watch(
    child: SandboxProcess,
    { hostLimits, signal }: { hostLimits: HostLimits; signal?: AbortSignal },
  ): () => void {
    const { clock } = this.#parts;
    const { wallMs, hostMemoryBytes } = hostLimits;
    const onAbort = () =>
      child.kill(new SandboxError("ABORTED", "the task was called off", { cause: signal?.reason }));
    const stopTimer = clock.setTimer(wallMs, () =>
      child.kill(new SandboxError("WALL_TIME", `the task took longer than ${wallMs} ms`)),
    );
    const stopPolling = every(clock, MEMORY_POLL_MS, async () => {
      const used = await residentBytes(child.pid);
      if (used <= hostMemoryBytes) return;
      const message = `the task took ${used} bytes of memory; ${hostMemoryBytes} are allowed`;
      child.kill(new SandboxError("HOST_MEMORY", message));
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    if (signal?.aborted) onAbort();
    return () => {
      stopTimer();
      stopPolling();
      signal?.removeEventListener("abort", onAbort);
      this.#busy.delete(child);
      this.#refill();
    };
  }
}

function expect<K extends SandboxReply["kind"]>(
  reply: SandboxReply,
  kind: K,
  child: SandboxProcess,
): Extract<SandboxReply, { kind: K }> {
  if (reply.kind === kind) return reply as Extract<SandboxReply, { kind: K }>;
  const error = new SandboxError("CHILD_LIES", `the child answered ${reply.kind}, not ${kind}`);
  child.kill(error);
  throw error;
}

/** Zero where there is no /proc: other systems have the wall clock and V8's own bounds only. */
async function residentBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return 1_024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}
