import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { CHILD_TITLE } from "../sandbox-command.ts";

/** The process ids of all sandbox children whose parent is `parent`. */
export function childrenOf(parent: number): number[] {
  return (existsSync("/proc/self/stat") ? fromProc() : fromPs()).flatMap(
    ({ pid, ppid, command }) => (ppid === parent && command.includes(CHILD_TITLE) ? [pid] : []),
  );
}

interface Listed {
  pid: number;
  ppid: number;
  command: string;
}

const fromProc = (): Listed[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const ppid = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, "utf8"))?.[1];
        const command = readFileSync(`/proc/${name}/cmdline`, "utf8");
        return [{ pid: Number(name), ppid: Number(ppid), command }];
      } catch {
        return []; // It ended while we looked.
      }
    });

const fromPs = (): Listed[] =>
  execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" })
    .split("\n")
    .map((line) => {
      const [pid = 0, ppid = 0] = line.trim().split(/\s+/, 2).map(Number);
      return { pid, ppid, command: line };
    });
