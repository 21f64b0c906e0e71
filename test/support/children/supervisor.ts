import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createProcessGroup } from "@meshwork/cli/supervisor";
import { systemClock } from "@meshwork/foundation";

/** Starts two children, says their numbers on standard output, and stays. */
export async function main(): Promise<void> {
  const group = createProcessGroup(systemClock, {
    logFolder: mkdtempSync(join(tmpdir(), "meshwork-supervisor-")),
  });
  const entry = fileURLToPath(new URL("./child.mjs", import.meta.url));
  for (const name of ["one", "two"]) await group.start({ name, entry, tier: 0, env: {} });
  process.stdout.write(
    `${JSON.stringify([process.pid, ...group.processes().map(({ pid }) => pid)])}\n`,
  );
}
