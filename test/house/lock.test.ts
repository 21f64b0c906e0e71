import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
let folder: string;
let lockFile: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meshwork-lock-"));
  lockFile = join(folder, "package-lock.json");
  mkdirSync(join(folder, "scripts"));
  copyFileSync(join(root, "scripts/complete-lock.mjs"), join(folder, "scripts/complete-lock.mjs"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function completeLock(...args: string[]) {
  const script = join(folder, "scripts/complete-lock.mjs");
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
}

const readPackages = () => JSON.parse(readFileSync(lockFile, "utf8")).packages;

const parent = (version: string) => ({
  version: "1.0.0",
  dev: true,
  optionalDependencies: { "@tool/cli-linux-x64-musl": version, "tool-darwin-arm64": version },
});

test("a lock that forgot the packages of other platforms is refused, and completed", () => {
  const kept = { version: "1.0.0", dev: true, optional: true, os: ["darwin"], cpu: ["arm64"] };
  writeFileSync(
    lockFile,
    JSON.stringify({
      packages: { "node_modules/tool": parent("1.0.0"), "node_modules/tool-darwin-arm64": kept },
    }),
  );
  const refused = completeLock("--check");
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("lacks @tool/cli-linux-x64-musl;");
  expect(completeLock().status).toBe(0);
  expect(readPackages()["node_modules/@tool/cli-linux-x64-musl"]).toEqual({
    ...{ version: "1.0.0", dev: true, optional: true },
    ...{ os: ["linux"], cpu: ["x64"], libc: ["musl"] },
  });
  expect(readPackages()["node_modules/tool-darwin-arm64"]).toEqual(kept);
  expect(completeLock("--check").status).toBe(0);
});

test("a range is no version: nothing is guessed", () => {
  writeFileSync(lockFile, JSON.stringify({ packages: { "node_modules/tool": parent("^1.0.0") } }));
  const { status, stderr } = completeLock();
  expect(status).not.toBe(0);
  expect(stderr).toContain("no exact version");
});
