import type { RunningTask } from "./runtime/run-task.ts";
import type { HostTask } from "./runtime/runtime.ts";
import type { SandboxPool } from "./runtime/sandbox-pool.ts";
import { createWatch } from "./watch.ts";

export interface SandboxBounds {
  /** Wall time of one task, from opening to closing it. */
  wallMs: number;
  hostMemoryBytes: number;
}

/** Sandboxes for all who run programs in this node: who finds none free waits his turn. */
export interface Sandboxes {
  readonly hasRoom: boolean;
  open(task: HostTask, signal: AbortSignal): Promise<RunningTask & { close(): Promise<void> }>;
  stop(): Promise<void>;
}

export function createSandboxes(
  pool: Pick<SandboxPool, "open" | "hasRoom" | "stop">,
  bounds: SandboxBounds,
): Sandboxes {
  const free = createWatch<"room">();
  return {
    get hasRoom() {
      return pool.hasRoom;
    },
    async open(task, signal) {
      // Asked and taken in one turn, so that two who were woken together do not both take the last.
      const opening = await free.until(
        "room",
        () => (pool.hasRoom ? { session: pool.open(task, { hostLimits: bounds, signal }) } : null),
        signal,
      );
      const session = await opening.session.catch((error) => {
        free.notify("room");
        throw error;
      });
      return {
        steps: session.steps,
        runSegment: (segment) => session.runSegment(segment),
        async close() {
          await session.close();
          free.notify("room");
        },
      };
    },
    stop: () => pool.stop(),
  };
}
