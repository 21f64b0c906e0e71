import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

interface Manifest {
  name: string;
  exports?: Record<string, string | { default: string }>;
  bin?: Record<string, string>;
}

/** Every door of every room, as others name it, and the `main` behind every launcher. */
const entries = globSync(["shared/*/package.json", "{edge-node,relay,api,cli}/package.json"], {
  cwd: root,
}).flatMap((path) => {
  const { name, exports = {} }: Manifest = JSON.parse(readFileSync(join(root, path), "utf8"));
  // What is there for tests alone may want vitest around it.
  const doors = Object.keys(exports)
    .filter((key) => key !== "./testing")
    .map((key) => `${name}${key.slice(1)}`);
  const mains = globSync(join(dirname(path), "src/main.ts"), { cwd: root });
  return [...doors, ...mains.map((main) => pathToFileURL(join(root, main)).href)];
});

test("every door opens under plain Node, and every main can be imported without running", () => {
  // Vitest resolves imports more kindly than Node does.
  const script = `
    for (const entry of ${JSON.stringify(entries)}) {
      const module = await import(entry).catch((error) => { throw new Error(entry, { cause: error }); });
      if (entry.endsWith("/main.ts") && typeof module.main !== "function") throw new Error(entry + " exports no main");
    }
    console.log("open");
    process.exit(0);`;
  const output = execFileSync(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: join(root, "test"),
    encoding: "utf8",
  });
  expect(entries.length).toBeGreaterThan(12);
  expect(output).toBe("open\n");
});
