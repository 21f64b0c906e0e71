import { once } from "node:events";
import { createInterface } from "node:readline";
import { z } from "zod";
import type { Workshop } from "./workshop.ts";

/** An edge node in a container, which has said that it is ready. */
export interface Worker {
  /** Of its first process, as this machine counts. */
  readonly pid: number;
  readonly nodeId: string;
  /** Runs a command beside it. */
  exec(...command: readonly string[]): Promise<string>;
  /** Runs the image's health check. @throws when it is not healthy */
  checkHealth(): Promise<void>;
  /** Upon SIGTERM. */
  end(): Promise<{ exitCode: number; seconds: number }>;
}

/** What a container gets besides its image: docs/operate/run-a-worker.md says the same. */
const WITHOUT_RIGHTS = [
  // Without the second, podman lays a writable /tmp over the read-only root.
  ...["--read-only", "--read-only-tmpfs=false"],
  ...["--cap-drop", "all", "--security-opt", "no-new-privileges"],
];

/** podman asks for more than a machine may have that is itself confined. */
export const FEW_RESOURCES = ["--ulimit", "nofile=4096:4096", "--ulimit", "nproc=2048:2048"];

/** Starts it on this machine's network, with a folder that is there again the next time. */
export async function startWorker(
  { podman, spawnPodman }: Workshop,
  image: string,
  settings: Readonly<Record<string, string>>,
): Promise<Worker> {
  const container = spawnPodman(
    ...["run", "--rm", "--name", "worker", "--network", "host", "--volume", "worker:/data"],
    ...WITHOUT_RIGHTS,
    ...FEW_RESOURCES,
    ...Object.entries(settings).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    image,
  );
  const exited = once(container, "exit");
  const nodeId = await readyLine(container.stderr);
  return {
    nodeId,
    pid: Number(await podman("inspect", "--format", "{{.State.Pid}}", "worker")),
    exec: (...command) => podman("exec", "worker", ...command),
    checkHealth: async () => void (await podman("healthcheck", "run", "worker")),
    async end() {
      const began = performance.now();
      container.kill("SIGTERM");
      const [exitCode] = await exited;
      return { exitCode, seconds: (performance.now() - began) / 1_000 };
    },
  };
}

const ready = z.object({ message: z.literal("ready"), nodeId: z.string() });

/** The NodeId in the log line `ready`. @throws Error with the log, when it ends without one */
async function readyLine(log: NodeJS.ReadableStream): Promise<string> {
  const seen: string[] = [];
  const lines = createInterface(log);
  const found = await new Promise<string | null>((resolve) => {
    lines.on("line", (text) => {
      seen.push(text);
      const read = ready.safeParse(text.startsWith("{") ? JSON.parse(text) : undefined);
      if (read.success) resolve(read.data.nodeId);
    });
    lines.once("close", () => resolve(null));
  });
  if (found !== null) return found;
  throw new Error(`the container ended:\n${seen.join("\n")}`);
}
