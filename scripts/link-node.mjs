// npm 10 installs the pinned Node of the lockfile but drops its bin link, and then the
// machine's own Node, perhaps too old, would run the scripts. Recreate the link.
// macOS has no such package and uses its own Node 24 or newer.
import { existsSync, mkdirSync, symlinkSync, unlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const target = join(
  root,
  "node_modules",
  `node-${process.platform}-${process.arch}`,
  "bin",
  "node",
);
const link = join(root, "node_modules", ".bin", "node");

if (process.platform === "linux" && existsSync(target) && !existsSync(link)) {
  mkdirSync(dirname(link), { recursive: true });
  try {
    unlinkSync(link); // A dangling link does not "exist" but blocks symlink().
  } catch {}
  symlinkSync(relative(dirname(link), target), link);
}
