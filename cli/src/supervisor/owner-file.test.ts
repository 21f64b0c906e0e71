import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeOwnership } from "./owner-file.ts";
import { identityOf, isAlive } from "./process-identity.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "meshwork-owner-"));
  path = join(folder, "owner.json");
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A process that lives until it is told to end. */
async function bystander() {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  await once(child, "spawn");
  const identity = identityOf(child.pid ?? 0);
  if (identity === undefined) throw new Error("the bystander is gone");
  return {
    identity,
    async end() {
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

const write = (owner: unknown, children: unknown[] = []) =>
  writeFileSync(path, JSON.stringify({ owner, url: "http://127.0.0.1:7700", children }));

test("a second owner of the same folder learns who the first is", () => {
  const mine = takeOwnership(path);
  mine.record([], "http://127.0.0.1:7700");
  expect(() => takeOwnership(path)).toThrow(
    expect.objectContaining({
      code: "ALREADY_RUNNING",
      message: expect.stringContaining(`process ${process.pid} already runs a network at http`),
    }),
  );
  mine.release();
  expect(existsSync(path)).toBe(false);
});

test("a dead owner's folder is taken over, with the children that it left", async () => {
  const owner = await bystander();
  const orphan = await bystander();
  await owner.end();
  write(owner.identity, [orphan.identity, owner.identity]);
  const mine = takeOwnership(path);
  expect(mine.leftBehind).toEqual([orphan.identity]);
  mine.release();
  await orphan.end();
});

test("another process with the dead owner's number does not pass for it", () => {
  write({ pid: process.pid, started: "another boot/1" });
  takeOwnership(path).release();
});

test("a file that cannot be read is not taken for a dead owner", () => {
  writeFileSync(path, "{");
  expect(() => takeOwnership(path)).toThrow(
    expect.objectContaining({ code: "OWNER_FILE_CORRUPT" }),
  );
});

test("a process is alive until it has ended, also before anybody has reaped it", async () => {
  const other = await bystander();
  expect(isAlive(other.identity)).toBe(true);
  await other.end();
  expect(isAlive(other.identity)).toBe(false);
});
