import { type ChildProcessByStdio, execFile, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { promisify } from "node:util";

/** buildah and podman with images and containers of their own, in a folder that goes in the end. */
export interface Workshop {
  readonly folder: string;
  buildah(...args: readonly string[]): Promise<string>;
  podman(...args: readonly string[]): Promise<string>;
  /** podman in the foreground, as a process to talk with. */
  spawnPodman(...args: readonly string[]): ChildProcessByStdio<null, null, Readable>;
  /** Removes every container, every volume and every image. */
  close(): Promise<void>;
}

/** Of statfs(2): a container's own root. Another overlay cannot lie on it. */
const OVERLAYFS_MAGIC = 0x794c7630;
const MAX_OUTPUT_BYTES = 64 << 20;

export async function openWorkshop(): Promise<Workshop> {
  const folder = mkdtempSync(join(tmpdir(), "meshwork-container-"));
  const { type } = await statfs(folder);
  const store = [
    ...["--root", join(folder, "images"), "--runroot", join(folder, "run")],
    ...["--storage-driver", type === OVERLAYFS_MAGIC ? "vfs" : "overlay"],
  ];
  // Without systemd. As options and not as a file: podman's own children are told these alone.
  const engine = [
    ...["--tmpdir", join(folder, "tmp"), "--runtime", "runc"],
    ...["--cgroup-manager", "cgroupfs", "--events-backend", "none"],
  ];
  const run = async (command: string, args: readonly string[]) => {
    const { stdout } = await promisify(execFile)(command, args, { maxBuffer: MAX_OUTPUT_BYTES });
    return stdout.trim();
  };
  const podman = (...args: readonly string[]) => run("podman", [...store, ...engine, ...args]);
  return {
    folder,
    buildah: (...args) => run("buildah", [...store, ...args]),
    podman,
    spawnPodman: (...args) =>
      spawn("podman", [...store, ...engine, ...args], { stdio: ["ignore", "ignore", "pipe"] }),
    async close() {
      await podman("rm", "--all", "--force", "--volumes", "--time", "5");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
