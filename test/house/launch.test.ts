import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const oldNode = (...args: string[]) =>
  promisify(execFile)(process.execPath, [
    "--import",
    path("../support/children/pretend-old-node.mjs"),
    ...args,
  ]);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "meshwork-launch-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("a launcher under an old Node", () => {
  test("goes on under the one that the lockfile brought", async () => {
    const { stdout } = await oldNode(path("../../cli/bin/meshwork.mjs"), "--help");
    expect(stdout).toContain("Usage: meshwork");
  });

  test("says what to do where there is none, and ends as a wrong configuration does", async () => {
    await Promise.all(["scripts", "bin"].map((name) => mkdir(join(folder, name))));
    await copyFile(path("../../scripts/launch.mjs"), join(folder, "scripts", "launch.mjs"));
    const launcher = join(folder, "bin", "alone.mjs");
    await writeFile(
      launcher,
      'import { launch } from "../scripts/launch.mjs";\nawait launch(new URL("../main.ts", import.meta.url));\n',
    );
    await expect(oldNode(launcher)).rejects.toMatchObject({
      code: 78,
      stderr: expect.stringMatching(
        /^NODE_TOO_OLD: this is Node 20\.19\.0, Meshwork needs 24 or newer/,
      ),
    });
  });
});
