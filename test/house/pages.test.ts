import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((page) => page !== "" && existsSync(join(root, page)));

/** `[text](target)`, without those that lead out of the repository. */
function linksOf(text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = ""]) => target.split("#", 1)[0] ?? "")
    .filter((target) => target !== "" && !/^[a-z]+:/.test(target));
}

/** Paths from the root in backticks, `a/{b,c}.ts` as two. */
function pathsOf(text: string): string[] {
  const named = text.matchAll(
    /`((?:shared|edge-node|relay|api|cli|test|docs|scripts)\/[\w./{},-]+)`/g,
  );
  return [...named].flatMap(([, path = ""]) => {
    const [whole, before, list, after] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? [];
    return whole === undefined
      ? [path]
      : (list ?? "").split(",").map((one) => before + one + after);
  });
}

const isThere = (path: string) => existsSync(path) || existsSync(`${path}.ts`);

test.each(pages)("%s names nothing that is not there", (page) => {
  const text = readFileSync(join(root, page), "utf8");
  const home = join(root, dirname(page));
  const missing = [
    ...linksOf(text).filter((target) => !existsSync(join(home, target))),
    ...pathsOf(text).filter((path) => !isThere(join(root, path)) && !isThere(join(home, path))),
  ];
  expect(missing).toEqual([]);
});
