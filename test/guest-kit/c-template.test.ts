import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { meshwork } from "../support/meshwork-command.ts";

const folder = mkdtempSync(join(tmpdir(), "meshwork-c-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);
const example = (name: string) =>
  fileURLToPath(new URL(`../examples/log-analysis/${name}`, import.meta.url));

test("a new task in C is built by its own Makefile, runs, and is the same under every engine", async () => {
  await meshwork("task", "new", at("lines"), "--template", "c");
  execFileSync("make", ["-C", at("lines")], { stdio: "pipe" });
  const files = [at("lines/task.wasm"), "--input", at("lines/input.txt")];
  const told = await meshwork("task", "run", "--local", ...files, "--output", at("answer"));
  expect(told.at(-1)).toMatchObject({ kind: "run", fault: null, steps: 1 });
  const text = readFileSync(at("lines/input.txt"), "utf8");
  const lines = text.split("\n").length - 1;
  expect(readFileSync(at("answer"), "utf8")).toBe(`${lines} lines, ${text.length} bytes\n`);
  const checks = await meshwork("task", "doctor", ...files);
  expect(checks.at(-1)).toMatchObject({ kind: "healthy", fault: null });
});

test("the log analysis that lies in the repository answers as its source does when it is compiled anew", async () => {
  const flags = ["--target=wasm32-wasi", "-O2", "-Wl,-z,stack-size=65536", "-Wl,--strip-all"];
  execFileSync("clang", [...flags, "-o", at("anew.wasm"), example("log-analysis.c")]);
  const lines = Array.from(
    { length: 300 },
    (_, i) =>
      `10.0.0.${i % 5} - - [10/Oct/2026:${String(i % 24).padStart(2, "0")}:00:00 +0000] "GET /page/${i % 9} HTTP/1.1" ${i % 4 === 0 ? 404 : 200} ${i}\n`,
  );
  writeFileSync(at("access.log"), lines.join(""));
  const answerOf = async (program: string, name: string) => {
    const files = ["--input", at("access.log"), "--output", at(name)];
    await meshwork("task", "run", "--local", program, ...files);
    return readFileSync(at(name), "utf8");
  };
  const answer = await answerOf(at("anew.wasm"), "anew.txt");
  expect(answer).toContain("requests 300");
  expect(answer).toBe(await answerOf(example("log-analysis.wasm"), "kept.txt"));
});
