import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readConfig as readApi } from "../../api/src/config.ts";
import { readConfig as readNode } from "../../edge-node/src/config.ts";
import { readConfig as readRelay } from "../../relay/src/config.ts";
import { python } from "./install.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const read = (name: string) => readFileSync(join(root, name), "utf8");

const service = z.looseObject({
  image: z.string(),
  profiles: z.array(z.string()),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  build: z.object({ context: z.literal("."), target: z.string() }).optional(),
});
const { services } = z
  .object({ services: z.record(z.string(), service) })
  .parse(parse(read("compose.yaml"), { merge: true }));
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);

type Environment = Readonly<Record<string, string>>;
const readers = new Map<string, (environment: Environment) => unknown>([
  ["relay", readRelay],
  ["edge-node", readNode],
  ["api", (environment) => readNode({ ...readApi(environment).nodeEnvironment })],
]);

/** What the Dockerfile sets for a target, by the stages that it stands on. */
function environmentOf(target: string): Environment {
  const stages = read("Dockerfile")
    .replaceAll("\\\n", " ")
    .split(/^(?=FROM )/m);
  const stage = stages.find((text) => text.split("\n", 1)[0]?.endsWith(` AS ${target}`));
  if (stage === undefined) return {};
  const [, base = ""] = /^FROM (?:--\S+ )?(\S+)/.exec(stage) ?? [];
  const own = [...stage.matchAll(/^ENV (.*)$/gm)].flatMap(([, text = ""]) =>
    text
      .trim()
      .split(/\s+/)
      .map((pair) => pair.split("=", 2)),
  );
  return { ...environmentOf(base), ...Object.fromEntries(own) };
}

test("compose.yaml is what the Compose Specification allows", () => {
  execFileSync(python, ["-m", "check_jsonschema", ...SPECIFICATION, join(root, "compose.yaml")]);
});

test.each(ours)(
  "%s runs one of our programs, which takes the settings",
  (_, { build, ...rest }) => {
    const target = build?.target ?? "";
    const environment = { ...environmentOf(target), ...rest.environment };
    // An empty variable is none.
    const values = Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/\$\{\w+-\}/, ""),
    ]);
    expect(environment.MESHWORK_DATA).toMatch(/^\/data/);
    expect(() => readers.get(target)?.(Object.fromEntries(values))).not.toThrow();
    expect(readers.has(target)).toBe(true);
  },
);

test.each(ours)("%s has no right, and a root that it cannot write", (_, found) => {
  expect(found).toMatchObject({
    read_only: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
  });
});

test("nothing starts that was not asked for, and nothing is open to other machines", () => {
  for (const [name, { profiles, ports = [] }] of Object.entries(services)) {
    expect(profiles, name).toHaveLength(1);
    for (const port of z.array(z.string()).parse(ports)) expect(port).toMatch(/^127\.0\.0\.1:/);
  }
});

test("the image brings the Node that the lock pins", () => {
  const { optionalDependencies } = JSON.parse(read("package.json"));
  const [, version] = /^ARG BASE_IMAGE=node:(\d+\.\d+\.\d+)-slim$/m.exec(read("Dockerfile")) ?? [];
  expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([version]));
});

test("the build sees the manifest of every workspace, without which npm refuses the lock", () => {
  const { packages } = JSON.parse(read("package-lock.json"));
  const workspaces = Object.keys(packages).filter(
    (path) => path !== "" && !path.includes("node_modules/"),
  );
  expect(workspaces.length).toBeGreaterThan(10);
  for (const path of workspaces)
    expect(read("Dockerfile")).toContain(`\nCOPY ${path}/package.json ${path}/\n`);
});

const SPECIFICATION = ["--builtin-schema", "vendor.compose-spec"];
