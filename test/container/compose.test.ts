import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { readConfig as readApi } from "../../api/src/config.ts";
import { readConfig as readNode } from "../../edge-node/src/config.ts";
import { readConfig as readRelay } from "../../relay/src/config.ts";
import { environmentOf } from "./dockerfile.ts";
import { python } from "./install.ts";

const file = fileURLToPath(new URL("../../compose.yaml", import.meta.url));

const service = z.looseObject({
  image: z.string(),
  profiles: z.array(z.string()),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  build: z.object({ context: z.literal("."), target: z.string() }).optional(),
});
const { services } = z
  .object({ services: z.record(z.string(), service) })
  .parse(parse(readFileSync(file, "utf8"), { merge: true }));
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);

type Environment = Readonly<Record<string, string>>;
const readers = new Map<string, (environment: Environment) => unknown>([
  ["relay", readRelay],
  ["edge-node", readNode],
  ["api", (environment) => readNode({ ...readApi(environment).nodeEnvironment })],
]);

test("compose.yaml is what the Compose Specification allows", () => {
  execFileSync(python, ["-m", "check_jsonschema", ...SPECIFICATION, file]);
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

const SPECIFICATION = ["--builtin-schema", "vendor.compose-spec"];
