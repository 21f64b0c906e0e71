import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from "node:fs";
import { messageOf } from "@meshwork/foundation";
import { z } from "zod";
import { identityOf, isAlive, type ProcessIdentity } from "./process-identity.ts";
import { SupervisorError } from "./supervisor-error.ts";

const identity = z.strictObject({ pid: z.int().positive(), started: z.string().max(200) });
const ownerFile = z.strictObject({
  owner: identity,
  /** What a person needs to find the running one. */
  url: z.string().max(200).nullable(),
  children: z.array(identity).max(1_000),
});
type OwnerFile = z.infer<typeof ownerFile>;

/** Names who owns a data folder, so that no two supervisors ever write to it. */
export interface Ownership {
  /** Children of an owner that died, still alive: they must end before anything is started. */
  readonly leftBehind: readonly ProcessIdentity[];
  /** Tells the next owner whom this one started. */
  record(children: readonly ProcessIdentity[], url: string | null): void;
  release(): void;
}

/** Throws ALREADY_RUNNING when a living process owns the folder; takes over from a dead one. */
export function takeOwnership(path: string): Ownership {
  const owner = identityOf(process.pid);
  if (owner === undefined) throw new Error("this process cannot find itself among the processes");
  const mine: OwnerFile = { owner, url: null, children: [] };
  let leftBehind: ProcessIdentity[] = [];
  while (!createWhole(path, mine)) {
    const dead = removeStale(path);
    if (dead) leftBehind = dead.children.filter(isAlive);
  }
  return {
    leftBehind,
    record: (children, url) => replaceWhole(path, { owner, url, children: [...children] }),
    release: () => unlinkSync(path),
  };
}

/** False when the name is taken. `link` gives the name to a file that is already whole. */
function createWhole(path: string, value: OwnerFile): boolean {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

function replaceWhole(path: string, value: OwnerFile): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, `${JSON.stringify(value)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}

/**
 * Two supervisors may find the same stale file. Each moves it aside before it looks: only one gets
 * it, and whoever finds that he moved a living owner's file puts it back.
 */
function removeStale(path: string): OwnerFile | undefined {
  const found = read(path);
  if (found === undefined) return undefined;
  if (isAlive(found.owner)) throw alreadyRunning(path, found);
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return undefined;
  }
  const moved = read(aside);
  if (moved !== undefined && isAlive(moved.owner)) {
    linkSync(aside, path);
    unlinkSync(aside);
    throw alreadyRunning(path, moved);
  }
  unlinkSync(aside);
  return moved;
}

function read(path: string): OwnerFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
  try {
    return ownerFile.parse(JSON.parse(text));
  } catch (cause) {
    throw new SupervisorError(
      "OWNER_FILE_CORRUPT",
      `${path} cannot be read (${messageOf(cause).slice(0, 120)}); if no meshwork start runs, delete it`,
      { detail: { path }, cause },
    );
  }
}

function alreadyRunning(path: string, { owner, url }: OwnerFile): SupervisorError {
  return new SupervisorError(
    "ALREADY_RUNNING",
    `process ${owner.pid} already runs a network${url ? ` at ${url}` : ""} in this folder (${path}); ` +
      `use it, stop it (kill ${owner.pid}), or start another with --data DIR --port N`,
    { detail: { pid: owner.pid, url, path } },
  );
}
