import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** Knows the Compose Specification as a JSON schema; kept by Globus. */
const CHECKER = "check-jsonschema==0.39.0";
/** Goes with the clone. */
const home = fileURLToPath(new URL(`../../node_modules/.cache/${CHECKER}`, import.meta.url));
export const python = `${home}/bin/python`;

/** By Debian's names: who builds, who runs, and who makes the base image. */
const programs = ["buildah", "podman", "runc", "mmdebstrap"];
/** mmdebstrap checks what it fetches against these keys; the venv is for the checker above. */
const packages = [...programs, "debian-archive-keyring", "python3-venv"];

/** The first step: what npm does not bring is installed, or the run ends saying what is missing. */
export default function install(): void {
  const advice = `install ${packages.join(", ")} (Debian, Ubuntu), and run this as root`;
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    throw new Error(`an image is built and started here without an engine: ${advice} on Linux`);
  if (!programs.every(isThere)) {
    run("apt-get", ["update"], advice);
    run("apt-get", ["install", "--yes", "--no-install-recommends", ...packages], advice);
  }
  if (existsSync(`${home}/bin/check-jsonschema`)) return;
  run("python3", ["-m", "venv", home], "install Python 3 with its venv module (python3-venv)");
  run(
    python,
    ["-m", "pip", "install", "--quiet", CHECKER],
    "pip must reach PyPI or a mirror (PIP_INDEX_URL)",
  );
}

const isThere = (program: string) => spawnSync(program, ["--version"]).error === undefined;

function run(command: string, args: string[], advice: string): void {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8", env });
  if (status !== 0)
    throw new Error(`${command} ${args.join(" ")} failed: ${advice}\n${error?.message ?? stderr}`);
}
