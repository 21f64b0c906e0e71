import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startScript } from "./start-script.ts";

const secrets = {
  IDENTITY_KEYSTORE: '{"a": "$HOME `id` \\n %s"}\n',
  IDENTITY_PASSPHRASE: "  spaces and 'quotes' \"too\"",
  IDENTITY_GENESIS: "{}",
};
/** Stands for the program: what is left of its environment, and its arguments. */
const program = "console.log(JSON.stringify([process.env, process.argv.slice(1)]))";

let folder: string;
let output: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "meshwork-start-"));
  writeProgram();
});
afterAll(() => rmSync(folder, { recursive: true }));

function writeProgram() {
  output = execFileSync(
    "/bin/sh",
    ["-c", startScript(folder), process.execPath, "-e", program, "--", "one argument"],
    { env: { ...secrets, MESHWORK_REGION: "x" }, encoding: "utf8" },
  );
}

test("a member's secrets become files, byte for byte, that only it can read", () => {
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  expect(read("keystore.json")).toBe(secrets.IDENTITY_KEYSTORE);
  expect(read("passphrase")).toBe(secrets.IDENTITY_PASSPHRASE);
  expect(read("genesis.json")).toBe(secrets.IDENTITY_GENESIS);
  for (const name of ["keystore.json", "passphrase", "genesis.json"])
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
});

test("the program gets its arguments and settings, and no secret in its environment", () => {
  const [environment, args] = JSON.parse(output);
  expect(args).toEqual(["one argument"]);
  expect(environment.MESHWORK_REGION).toBe("x");
  expect(Object.keys(environment).filter((name) => name.startsWith("IDENTITY_"))).toEqual([]);
});

test("a task whose secret is missing does not start", () => {
  const start = () =>
    execFileSync("/bin/sh", ["-c", startScript(folder), process.execPath, "-e", "0"], {
      env: { IDENTITY_KEYSTORE: "{}" },
      stdio: "pipe",
    });
  expect(start).toThrow(/IDENTITY_PASSPHRASE/);
});
