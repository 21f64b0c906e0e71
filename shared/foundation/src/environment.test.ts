import { expect, test } from "vitest";
import { z } from "zod";
import { readEnvironment } from "./environment.ts";

const schema = z.object({
  MESHWORK_DATA: z.string("a folder is needed"),
  MESHWORK_PORT: z.coerce.number("a port is a number").int().min(0).max(65_535).default(0),
});

test("settings are read once, with their defaults, and do not change", () => {
  const settings = readEnvironment(schema, {
    MESHWORK_DATA: "/tmp/x",
    MESHWORK_PORT: "",
    PATH: "/bin",
  });
  expect(settings).toEqual({ MESHWORK_DATA: "/tmp/x", MESHWORK_PORT: 0 });
  expect(Object.isFrozen(settings)).toBe(true);
});

test("a wrong, a missing and a misspelt setting are each named, with what to do", () => {
  const refusal = (environment: Record<string, string>) => () =>
    readEnvironment(schema, environment);
  expect(refusal({ MESHWORK_DATA: "x", MESHWORK_PORT: "web" })).toThrow(
    /MESHWORK_PORT is "web": a port is a number/,
  );
  expect(refusal({})).toThrow(/MESHWORK_DATA is not set: a folder is needed/);
  expect(refusal({ MESHWORK_DATA: "x", MESHWORK_PROT: "1" })).toThrow(
    /MESHWORK_PROT is no setting of this program; it knows MESHWORK_DATA, MESHWORK_PORT/,
  );
});
