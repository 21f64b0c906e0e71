import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { baseVersion, lineOf, stages } from "./dockerfile.ts";

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), "utf8"));

const programs = ["relay", "api", "edge-node"];

test("an image brings the Node that the lock pins", () => {
  const { optionalDependencies } = read("package.json");
  expect(new Set(Object.values(optionalDependencies))).toEqual(new Set([baseVersion]));
});

test("the build sees the manifest of every workspace, without which npm refuses the lock", () => {
  const workspaces = Object.keys(read("package-lock.json").packages).filter(
    (path) => path !== "" && !path.includes("node_modules/"),
  );
  expect(workspaces.length).toBeGreaterThan(10);
  const [manifests] = lineOf("manifests");
  for (const path of workspaces)
    expect(manifests?.instructions).toContain(`COPY ${path}/package.json ${path}/`);
});

test("nothing runs in what is shipped, so that one processor builds for another", () => {
  const shipped = programs.flatMap(lineOf);
  expect(shipped).toHaveLength(2 * programs.length);
  for (const { isForBuilder, instructions } of shipped) {
    expect(isForBuilder).toBe(false);
    expect(instructions.filter((line) => line.startsWith("RUN "))).toEqual([]);
  }
  const others = stages.filter((stage) => !shipped.includes(stage));
  expect(others.length).toBeGreaterThan(0);
  for (const { name } of others) expect(lineOf(name)[0]?.isForBuilder).toBe(true);
});
