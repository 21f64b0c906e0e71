import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const launcher = fileURLToPath(new URL("../../cli/bin/meshwork.mjs", import.meta.url));

const run = (args: readonly string[]) =>
  promisify(execFile)(process.execPath, [launcher, "--json", ...args]);

/** The command as its user runs it; what it answers in JSON, line by line. Throws with what it says last. */
export async function meshwork(...args: string[]): Promise<Record<string, unknown>[]> {
  const { stdout } = await run(args).catch((error) => {
    throw new Error(`meshwork ${args.slice(0, 2).join(" ")}: ${error.stdout}`, { cause: error });
  });
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
