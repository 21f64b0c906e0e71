import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { SandboxError } from "./sandbox-error.ts";

/**
 * How a child is started. Around V8's own sandbox and our metering stand Node's permission model and,
 * where the machine has them, the kernel's walls.
 */
export interface SandboxCommand {
  readonly file: string;
  readonly parameters: readonly string[];
  /** JavaScript that the child gets by its standard input. */
  readonly program: string;
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
  const [program, ...works] = await Promise.all([
    childProgram(),
    ...WALLS.map((wall) => canRun([...wall, "true"])),
  ]);
  const walls = WALLS.filter((_, i) => works[i]);
  const [file = node, ...parameters] = [...walls.flat(), node, ...NODE_FLAGS, ...flags, "-"];
  return { file, parameters, program, walls: walls.map(([name = ""]) => name) };
}

/** By which a child is known in a list of processes. */
export const CHILD_TITLE = "meshwork-sandbox";

const NODE_FLAGS = [
  // No file at all may be read: what a child runs it gets by its standard input.
  "--permission",
  "--input-type=module",
  "--no-warnings",
  "--disable-proto=throw",
  "--disallow-code-generation-from-strings",
  "--max-old-space-size=256",
  // In KB; what `js-values.ts` and the contract's `stackDepth` count on. Linux gives 8 MB.
  "--stack-size=3900",
  `--title=${CHILD_TITLE}`,
];

const PRINTER = fileURLToPath(new URL("./print-child.ts", import.meta.url));
let printed: Promise<string> | null = null;

/** The same for every pool of this process. In a process of its own, since stripping types warns. */
function childProgram(): Promise<string> {
  printed ??= new Promise((resolve, reject) => {
    const parameters = ["--no-warnings", PRINTER];
    execFile(process.execPath, parameters, { maxBuffer: 8 << 20 }, (error, text) => {
      if (error === null) return resolve(text);
      printed = null; // The next one tries again.
      reject(new SandboxError("SANDBOX_BROKEN", error.message.slice(0, 1_000)));
    });
  });
  return printed;
}

const canRun = ([file = "", ...parameters]: readonly string[]): Promise<boolean> =>
  new Promise((resolve) => {
    execFile(file, parameters, { timeout: 2_000 }, (error) => resolve(error === null));
  });
