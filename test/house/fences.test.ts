import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Every fence is shown to hold: a house of violations, linted by the very rules of this one. */
const root = fileURLToPath(new URL("../..", import.meta.url));

/** A line that stands for nothing but its violation. */
const violations: [promise: string, rule: string, path: string, source: string][] = [
  [
    "a room does not import one above it",
    "noRestrictedImports",
    "shared/ledger/src/x.ts",
    'export { systemLog } from "@meshwork/p2p";\n',
  ],
  [
    "two rooms of one floor do not import each other",
    "noRestrictedImports",
    "shared/consensus/src/x.ts",
    'export { applyBlock } from "@meshwork/ledger";\n',
  ],
  [
    "no room of shared imports the edge node",
    "noRestrictedImports",
    "shared/verify/src/x.ts",
    'export { startNode } from "@meshwork/edge-node";\n',
  ],
  [
    "a room is entered by its door alone",
    "noRestrictedImports",
    "shared/ledger/src/x.ts",
    'export { sm3 } from "../../crypto/src/sm3.ts";\n',
  ],
  [
    "a dependency is declared where it is used",
    "noUndeclaredDependencies",
    "shared/ledger/src/x.ts",
    'export { hono } from "hono";\n',
  ],
  [
    "a pure room knows no Node",
    "noNodejsModules",
    "shared/ledger/src/x.ts",
    'export { readFileSync } from "node:fs";\n',
  ],
  [
    "nobody looks at the clock but through its port",
    "noJsRestrictedProperties",
    "edge-node/src/x.ts",
    "export const now = () => Date.now();\n",
  ],
  [
    "nobody takes chance but through its port",
    "noJsRestrictedProperties",
    "edge-node/src/x.ts",
    "export const die = () => Math.random();\n",
  ],
  [
    "nobody sets a timer but through its port",
    "noRestrictedGlobals",
    "edge-node/src/x.ts",
    "export const later = (go: () => void) => setTimeout(go, 1);\n",
  ],
  [
    "nobody fetches but through a port",
    "noRestrictedGlobals",
    "relay/src/x.ts",
    'export const page = () => fetch("http://127.0.0.1");\n',
  ],
  [
    "a function ends within 60 lines",
    "noExcessiveLinesPerFunction",
    "edge-node/src/x.ts",
    `export function f() {\n${"  console.log();\n".repeat(61)}}\n`,
  ],
  [
    "a file ends within 300 lines",
    "noExcessiveLinesPerFile",
    "edge-node/src/x.ts",
    "export type A = string;\n".repeat(301),
  ],
];

const allowed = 'export { sm3 } from "@meshwork/crypto";\nexport * from "@meshwork/foundation";\n';

let house: string;
/** The rules that each file breaks, by its path. */
const broken = new Map<string, Set<string>>();

const fileOf = (room: string, index: number) => room.replace("x.ts", `x${index}.ts`);

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), "meshwork-house-"));
  copyFileSync(join(root, "biome.json"), join(house, "biome.json"));
  const write = (path: string, source: string) => {
    mkdirSync(dirname(join(house, path)), { recursive: true });
    writeFileSync(join(house, path), source);
    const manifest = join(dirname(dirname(path)), "package.json");
    copyFileSync(join(root, manifest), join(house, manifest));
  };
  violations.forEach(([, , room, source], index) => {
    write(fileOf(room, index), source);
  });
  write("shared/ledger/src/allowed.ts", allowed);
  write("shared/ledger/src/circle-a.ts", 'export { b } from "./circle-b.ts";\n');
  write("shared/ledger/src/circle-b.ts", 'export { a as b } from "./circle-a.ts";\n');

  const { stdout } = spawnSync(
    join(root, "node_modules/.bin/biome"),
    ["lint", "--vcs-enabled=false", "--reporter=json", "--max-diagnostics=none", "."],
    { cwd: house, encoding: "utf8" },
  );
  for (const { category, location } of JSON.parse(stdout).diagnostics) {
    const rules = broken.get(location.path) ?? new Set();
    broken.set(location.path, rules.add(category.split("/").at(-1)));
  }
});

afterAll(() => rmSync(house, { recursive: true }));

describe("the house's fences", () => {
  test.each(violations.map((violation, index) => [...violation, index] as const))(
    "%s",
    (_promise, rule, room, _source, index) => {
      expect([...(broken.get(fileOf(room, index)) ?? [])]).toContain(rule);
    },
  );

  test("let no two files import each other", () => {
    expect([...(broken.get("shared/ledger/src/circle-a.ts") ?? [])]).toContain("noImportCycles");
  });

  test("let through what is allowed", () => {
    expect([...(broken.get("shared/ledger/src/allowed.ts") ?? [])]).toEqual([]);
  });
});
