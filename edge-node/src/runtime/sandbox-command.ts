import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * How a child is started. Around V8's own sandbox and our metering stand Node's permission model and,
 * where the machine has them, the kernel's walls.
 */
export interface SandboxCommand {
  readonly file: string;
  readonly parameters: readonly string[];
  /** The names of the kernel's walls that stand, for the log. */
  readonly walls: readonly string[];
}

/** Each runs the command behind it, and keeps its process id. */
const WALLS: readonly (readonly string[])[] = [
  // No core dump of a stranger's data, no file to be written, few descriptors.
  ["prlimit", "--core=0", "--fsize=0", "--nofile=64"],
  // A user and network namespace of its own: there is no network in it, not even loopback.
  ["unshare", "--user", "--map-root-user", "--net"],
  // Dies with its parent even in the middle of a loop. Innermost, since a namespace clears it.
  ["setpriv", "--no-new-privs", "--pdeathsig", "KILL"],
];

/**
 * @param engine another Node than this one, and flags for its V8: to hold engines against each other.
 */
export async function sandboxCommand(
  engine: { readonly node?: string; readonly flags?: readonly string[] } = {},
): Promise<SandboxCommand> {
  const { node = process.execPath, flags = [] } = engine;
  const works = await Promise.all(WALLS.map((wall) => canRun([...wall, "true"])));
  const walls = WALLS.filter((_, i) => works[i]);
  const [file = node, ...parameters] = [...walls.flat(), node, ...nodeFlags(), ...flags, CHILD];
  return { file, parameters, walls: walls.map(([name = ""]) => name) };
}

const CHILD = fileURLToPath(new URL("./sandbox-child.ts", import.meta.url));

function nodeFlags(): string[] {
  return [
    "--permission",
    ...readableFolders().map((folder) => `--allow-fs-read=${folder}`),
    "--no-warnings",
    "--disable-proto=throw",
    "--disallow-code-generation-from-strings",
    "--max-old-space-size=256",
    // In KB; what `js-values.ts` and the contract's `stackDepth` count on. Linux gives 8 MB.
    "--stack-size=3900",
  ];
}

/** The child's own sources and those of foundation, under the names by which Node looks for them. */
function readableFolders(): string[] {
  const runtime = dirname(CHILD);
  const room = dirname(dirname(runtime));
  const { resolve } = createRequire(import.meta.url);
  const foundation = dirname(dirname(realpathSync(resolve("@meshwork/foundation/errors"))));
  const linked = join(room, "..", "node_modules", "@meshwork", "foundation");
  return [
    join(runtime, "*"),
    join(room, "package.json"),
    join(foundation, "*"),
    linked,
    join(linked, "*"),
  ];
}

const canRun = ([file = "", ...parameters]: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(file, parameters, { timeout: 2_000 }, (error) => resolve(error === null));
  });
