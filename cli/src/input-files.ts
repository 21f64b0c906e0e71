import { glob, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { CliError } from "./cli-error.ts";
import { readBounded } from "./files.ts";

const LIST_BYTES = 1 << 20;

/** The files that a job's parts read, in order: those that were named, then those of each list. */
export async function inputFiles(
  named: readonly string[],
  lists: readonly string[],
): Promise<string[]> {
  const files = [...named];
  for (const list of lists) files.push(...(await filesOf(list)));
  if (files.length > 0) return files;
  throw new CliError(
    "USAGE",
    "a job has at least one part: give its input by --input, or several by --inputs-from",
  );
}

/** A file that is there holds a path a line, beside itself; anything else is a pattern, in order of names. */
async function filesOf(list: string): Promise<string[]> {
  const isFile = await stat(list).then(
    (found) => found.isFile(),
    () => false,
  );
  if (!isFile) {
    const found: string[] = [];
    for await (const path of glob(list)) found.push(path);
    return found.sort();
  }
  const text = new TextDecoder().decode(await readBounded(list, LIST_BYTES));
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => resolve(dirname(list), line));
}
