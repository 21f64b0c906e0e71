import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const read = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), "utf8");

/** The keys of a settings schema, and nothing that a text merely mentions. */
const namesIn = (source: string) =>
  [...source.matchAll(/^ +(MESHWORK_[A-Z_]+):/gm)].map(([, name]) => name);

test("the table of settings names every setting of every process, and no other", () => {
  const known = ["edge-node", "relay", "api"].flatMap((room) =>
    namesIn(read(`${room}/src/config.ts`)),
  );
  const told = [...read("docs/running-a-network.md").matchAll(/^\| `(MESHWORK_\w+)`/gm)].map(
    ([, name]) => name,
  );
  expect(known.length).toBeGreaterThan(15);
  expect(told.toSorted()).toEqual([...new Set(known)].toSorted());
});
