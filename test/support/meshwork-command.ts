import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const launcher = fileURLToPath(new URL("../../cli/bin/meshwork.mjs", import.meta.url));

/** The command as its user runs it; what it answers in JSON, line by line. */
export async function meshwork(...args: string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await run(args);
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

/** What a command that is refused says; null when it is not. */
export const refused = (...args: string[]): Promise<unknown> =>
  run(args).then(
    () => null,
    ({ stdout }) => JSON.parse(stdout.trim().split("\n").at(-1)),
  );

/** Whoever reads that a command failed wants to know what it said, not only how it was called. */
async function run(args: readonly string[]): Promise<{ stdout: string }> {
  try {
    return await promisify(execFile)(process.execPath, [launcher, "--json", ...args]);
  } catch (error) {
    const failed = error as Error & { stdout: string };
    failed.message = `meshwork ${args.slice(0, 2).join(" ")}: ${failed.stdout}`;
    throw failed;
  }
}
