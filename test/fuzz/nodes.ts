import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** Three generations of V8. What this run itself stands on is the pinned one. */
const VERSIONS = ["22.23.3", "26.9.0"];

const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const packageName = `node-${process.platform.replace("win32", "win")}-${process.arch}`;
const homeOf = (version: string) => join(cache, "meshwork", `node-${version}`);
const programOf = (version: string) =>
  join(homeOf(version), "node_modules", packageName, "bin", "node");

/** The first step: what is not there is installed, or the run ends saying what is missing. */
export default function installNodes(): void {
  for (const version of VERSIONS.filter((one) => !existsSync(programOf(one)))) {
    mkdirSync(homeOf(version), { recursive: true });
    const wanted = `${packageName}@${version}`;
    const { status, stderr } = spawnSync(
      "npm",
      ["install", "--prefix", homeOf(version), "--no-audit", "--no-fund", "--no-save", wanted],
      { encoding: "utf8" },
    );
    if (status !== 0)
      throw new Error(`npm cannot install ${wanted}: it must reach its registry\n${stderr}`);
  }
}

/** Programs by version. */
export const nodes: ReadonlyMap<string, string> = new Map([
  [process.versions.node, process.execPath],
  ...VERSIONS.map((version) => [version, programOf(version)] as const),
]);
