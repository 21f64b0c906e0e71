import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { systemClock } from "@meshwork/foundation";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openLogFile } from "./bounded-log-file.ts";
import { createProcessGroup, type GroupEvent, type ProcessGroup } from "./process-group.ts";
import { identityOf } from "./process-identity.ts";

const entry = fileURLToPath(new URL("../../../test/support/children/child.mjs", import.meta.url));
const spec = (name: string, behaviour: string, tier = 0) => ({
  name,
  entry,
  tier,
  env: { MESHWORK_TEST_CHILD: behaviour },
});

let logFolder: string;
let group: ProcessGroup;
let events: GroupEvent[];
let onEvent: (event: GroupEvent) => void;

beforeEach(() => {
  logFolder = mkdtempSync(join(tmpdir(), "meshwork-group-"));
  events = [];
  onEvent = () => {};
  group = createProcessGroup(systemClock, {
    logFolder,
    readyMs: 5_000,
    graceMs: 300,
    onEvent: (event) => {
      events.push(event);
      onEvent(event);
    },
  });
});

afterEach(async () => {
  await group.stop();
  rmSync(logFolder, { recursive: true });
});

const pids = (of: ProcessGroup) => of.processes().map(({ pid }) => pid);

const nextEvent = (kind: GroupEvent["kind"]) =>
  new Promise<GroupEvent>((resolve) => {
    onEvent = (event) => event.kind === kind && resolve(event);
  });

describe("a process group", () => {
  test("starts a child when it says that it serves, and stops it by SIGTERM", async () => {
    const ready = await group.start(spec("one", "serve"));
    expect(ready.url).toBe("http://127.0.0.1:1");
    const [pid] = pids(group);
    await group.stop();
    expect(identityOf(pid ?? 0)).toBeUndefined();
    expect(readFileSync(join(logFolder, "one.log"), "utf8")).toContain("stopped in order");
  });

  test("tells of a child as soon as it is there, so that its number can be written down", async () => {
    let known: number[] = [];
    onEvent = () => {
      known = pids(group);
    };
    await group.start(spec("one", "serve"));
    expect(known).toEqual(pids(group));
    expect(known).toHaveLength(1);
  });

  test("passes on why a child cannot serve", async () => {
    await expect(group.start(spec("one", "refuse"))).rejects.toMatchObject({
      code: "CHILD_FAILED",
      message: expect.stringContaining("NO_SUCH_THING: there is no such thing"),
    });
  });

  test("says how a child ended that ends before it serves", async () => {
    await expect(group.start(spec("one", "exit"))).rejects.toMatchObject({
      code: "CHILD_EXITED",
      detail: { code: 3 },
    });
  });

  test("gives up waiting for a child that says nothing", async () => {
    const impatient = createProcessGroup(systemClock, { logFolder, readyMs: 300, graceMs: 300 });
    await expect(impatient.start(spec("one", "silent"))).rejects.toMatchObject({
      code: "CHILD_NOT_READY",
    });
    await impatient.stop();
  });

  test("starts a child again that dies", async () => {
    await group.start(spec("one", "serve"));
    const [first] = pids(group);
    const again = nextEvent("spawned");
    process.kill(first ?? 0, "SIGKILL");
    expect(await again).toMatchObject({ name: "one" });
    expect(pids(group)).not.toContain(first);
    expect(events).toContainEqual(
      expect.objectContaining({ kind: "died", exit: { code: null, signal: "SIGKILL" } }),
    );
  });

  test("leaves a child dead that dies too often", async () => {
    const strict = createProcessGroup(systemClock, {
      logFolder,
      restarts: 0,
      onEvent: (event) => onEvent(event),
    });
    await strict.start(spec("one", "serve"));
    const died = nextEvent("died");
    process.kill(pids(strict)[0] ?? 0, "SIGKILL");
    expect(await died).toMatchObject({ restartInMs: null });
    await strict.stop();
  });

  test("ends a child by SIGKILL that ignores SIGTERM", async () => {
    await group.start(spec("one", "stubborn"));
    const [pid] = pids(group);
    await group.stop();
    expect(identityOf(pid ?? 0)).toBeUndefined();
  });

  test("stops a higher tier before a lower one is told to stop", async () => {
    await group.start(spec("below", "serve", 0));
    await group.start(spec("above", "serve", 1));
    const [below] = pids(group);
    const stopping = group.stop();
    expect(identityOf(below ?? 0)).toBeDefined();
    await stopping;
    const at = (name: string) => statSync(join(logFolder, `${name}.log`)).mtimeMs;
    expect(at("above")).toBeLessThan(at("below"));
  });
});

test("a log file never grows beyond its bound by more than one look", async () => {
  await group.start(spec("one", "shout"));
  const log = openLogFile(join(logFolder, "one.log"), 5_000);
  log.rotate();
  log.close();
  expect(statSync(log.path).size).toBe(0);
  expect(statSync(`${log.path}.1`).size).toBe(10_000);
});
