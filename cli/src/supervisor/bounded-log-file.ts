import { closeSync, copyFileSync, fstatSync, mkdirSync, openSync, truncateSync } from "node:fs";
import { dirname } from "node:path";

/** One log file and the one before it: a process that shouts for a year fills no disk. */
export const LOG_FILE_BYTES = 4 << 20;

/**
 * The child writes to the file itself, so that it loses nothing when its supervisor dies. The
 * descriptor appends, so the file can be emptied under it.
 */
export interface BoundedLogFile {
  readonly path: string;
  /** For the child's standard output and error. */
  readonly descriptor: number;
  /** Moves a file that has grown beyond the bound aside; call it now and then. */
  rotate(): void;
  close(): void;
}

export function openLogFile(path: string, maxBytes: number = LOG_FILE_BYTES): BoundedLogFile {
  mkdirSync(dirname(path), { recursive: true });
  const descriptor = openSync(path, "a", 0o600);
  return {
    path,
    descriptor,
    rotate() {
      if (fstatSync(descriptor).size <= maxBytes) return;
      copyFileSync(path, `${path}.1`);
      truncateSync(path);
    },
    close: () => closeSync(descriptor),
  };
}
