import { mkdir, readdir, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { messageOf } from "@meshwork/foundation";
import { CliError } from "../cli-error.ts";
import { writeNew } from "../files.ts";

/** Folders in `cli/templates`. Their files end in `.txt`, so that no tool of ours takes them for sources of ours. */
export const templates = ["js", "assemblyscript", "c"] as const;
export type Template = (typeof templates)[number];

const SHELF = fileURLToPath(new URL("../../templates/", import.meta.url));

/** Writes a task that runs as it is into a new folder; gives the files' names. */
export async function newTask(folder: string, template: Template): Promise<string[]> {
  const shelf = join(SHELF, template);
  const found = await readdir(shelf, { recursive: true, withFileTypes: true });
  const files = found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(shelf.length + 1))
    .sort();
  try {
    await mkdir(folder); // Never into a folder that is there.
  } catch (cause) {
    throw new CliError(
      "FILE_EXISTS",
      `${folder} cannot be made: ${messageOf(cause)}; name another folder`,
      { detail: { path: folder }, cause },
    );
  }
  const names: string[] = [];
  for (const file of files) {
    const text = await readFile(join(shelf, file), "utf8");
    const name = file.slice(0, -".txt".length);
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeNew(join(folder, name), text.replaceAll("{{name}}", basename(folder)));
    names.push(name);
  }
  return names;
}
