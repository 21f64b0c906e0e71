import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Emulator } from "./emulators.ts";

const VERSION = "5.2.5";
/** Installed once, and kept for the next time. */
const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const home = join(cache, "meshwork", `moto-${VERSION}`);
const python = join(home, "bin", "python");
const server = fileURLToPath(new URL("serve-moto.py", import.meta.url));

/** Installs moto from PyPI, if need be. @throws Error that says what is missing */
export function installMoto(): void {
  if (existsSync(join(home, "bin", "moto_server"))) return;
  run(
    "python3",
    ["-m", "venv", home],
    "install Python 3 with its venv module (Debian: python3-venv)",
  );
  run(
    join(home, "bin", "pip"),
    ["install", "--quiet", `moto[server]==${VERSION}`],
    "pip must reach PyPI or a mirror (PIP_INDEX_URL)",
  );
}

function run(command: string, args: string[], advice: string): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed: ${advice}\n${error?.message ?? stderr}`);
}

/** S3 and DynamoDB, with their conditions, in memory. */
export async function startMoto(): Promise<Emulator> {
  // It says on stderr which port it got.
  const child = spawn(python, [server], { stdio: ["pipe", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const port = await new Promise<string>((resolve, reject) => {
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      // Only the beginning is of interest: later it logs every request.
      if (said.length < 4_096) said += text;
      const [, found] = /Running on http:\/\/127\.0\.0\.1:(\d+)/.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`moto ended with ${code}: ${said}`)));
  });
  return {
    endpoint: `http://127.0.0.1:${port}`,
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
