import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { systemClock } from "@meshwork/foundation";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runTask } from "./run-task.ts";
import type { HostLimits } from "./runtime.ts";
import { createSandboxPool, type SandboxPool, type SandboxSession } from "./sandbox-pool.ts";
import { childrenOf } from "./testing/processes.ts";
import { firstSegment, jsTask, program, wasmTask } from "./testing/tasks.ts";

const hostLimits: HostLimits = { wallMs: 20_000, hostMemoryBytes: 1 << 30 };
const endless = { limits: { fuel: 1n << 50n } };
const hello = jsTask('function main() { return "hello" }');
const loop = jsTask("function main() { for (;;); }", endless);
/** No check of a clock or an interrupt ever comes between these: only SIGKILL helps. */
const bulkLoop = wasmTask(
  program("(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 33554432)) br 0)", {
    memory: '(memory (export "memory") 512)',
  }),
  endless,
);

let pool: SandboxPool;
beforeAll(async () => {
  pool = await createSandboxPool({ clock: systemClock });
});
afterAll(() => pool.stop());

const open = (task = hello, limits: Partial<HostLimits> = {}, signal?: AbortSignal) =>
  pool.open(task, { hostLimits: { ...hostLimits, ...limits }, ...(signal ? { signal } : {}) });

async function withSession<T>(
  session: Promise<SandboxSession>,
  use: (session: SandboxSession) => Promise<T>,
): Promise<T> {
  const opened = await session;
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

const runs = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe("a file in the sandbox", () => {
  const size = 2 ** 32 - 1;
  const chunkOf = (index: number) =>
    new Uint8Array(Math.min(2 ** 20, size - index * 2 ** 20)).fill(index & 255);
  const lastByteOfEach = jsTask(
    `function main([file]) {
      return [file.size, ...[0, 1, 4095].map((i) => file.read(1048576 * i + 7, 1)[0])];
    }`,
  );
  const over = (chunk: (index: number) => Promise<Uint8Array>) =>
    pool.open({ ...lastByteOfEach, inputs: [{ sizeBytes: size, chunk }] }, { hostLimits });

  test("is read wherever the program wants, without being brought as a whole", async () => {
    const asked: number[] = [];
    const session = over(async (index) => {
      asked.push(index);
      return chunkOf(index);
    });
    const run = await withSession(session, runTask);
    expect(new TextDecoder().decode(run.output)).toBe("[4294967295,0,1,255]");
    expect(asked).toEqual([0, 1, 4095]);
  });

  test("whose chunk was lost is a failure of this machine, never a result", async () => {
    const session = over(async (index) => {
      if (index > 0) throw new Error("the disk is gone");
      return chunkOf(index);
    });
    await expect(withSession(session, runTask)).rejects.toMatchObject({
      code: "INPUT_LOST",
      message: expect.stringContaining("the disk is gone"),
    });
  });

  test("of another length than it has is no result either", async () => {
    const session = over(async (index) => chunkOf(index).subarray(1));
    await expect(withSession(session, runTask)).rejects.toMatchObject({ code: "SANDBOX_BROKEN" });
  });
});

describe("a task in the sandbox", () => {
  test("runs to its end", async () => {
    const run = await withSession(open(), runTask);
    expect(new TextDecoder().decode(run.output)).toBe('"hello"');
    expect(run.fault).toBeNull();
  });

  test("that faults has run to its end too", async () => {
    const run = await withSession(open(wasmTask(new Uint8Array(9))), runTask);
    expect(run).toMatchObject({ fault: "PROGRAM_REFUSED", steps: 1 });
  });

  test("that recurses inside the engine's parser meets its budget, not the host's stack", async () => {
    for (const source of ['JSON.parse("[".repeat(1e5))', 'eval("(".repeat(1e5))']) {
      const task = jsTask(`function main() { ${source} }`, { limits: { stackDepth: 65_536 } });
      expect((await withSession(open(task), runTask)).fault).toBe("STACK_OVERFLOW");
    }
  });

  test("is ended by wall time, whatever it does, and the next one runs at once", async () => {
    for (const task of [loop, bulkLoop]) {
      const killed = withSession(open(task, { wallMs: 500 }), runTask);
      await expect(killed).rejects.toMatchObject({ name: "SandboxError", code: "WALL_TIME" });
    }
    expect((await withSession(open(), runTask)).fault).toBeNull();
  });

  test("is ended by the host's memory, which is no result", async () => {
    // Fills what its contract allows, and keeps it until it is noticed.
    const hungry = jsTask(
      "function main() { const all = []; while (all.length < 500) all.push(new Uint8Array(1e5).fill(1)); for (;;) all.length }",
      {
        limits: { fuel: 1n << 50n, memoryPages: 1_024 },
      },
    );
    const killed = withSession(open(hungry, { hostMemoryBytes: 90 << 20 }), runTask);
    await expect(killed).rejects.toMatchObject({ code: "HOST_MEMORY" });
  });

  test("is ended when it is called off, before and during the run", async () => {
    const gone = AbortSignal.abort();
    await expect(open(hello, {}, gone)).rejects.toMatchObject({ code: "ABORTED" });
    const caller = new AbortController();
    const killed = withSession(open(bulkLoop, {}, caller.signal), runTask);
    killed.catch(() => {});
    systemClock.setTimer(300, () => caller.abort());
    await expect(killed).rejects.toMatchObject({ code: "ABORTED" });
  });

  test("whose process dies gives a coded error, and the next task runs at once", async () => {
    const session = await open(loop);
    const running = session.runSegment(firstSegment);
    running.catch(() => {});
    const busiest = childrenOf(process.pid).map((pid) => process.kill(pid, "SIGKILL"));
    expect(busiest.length).toBeGreaterThan(0);
    await expect(running).rejects.toMatchObject({
      code: "CHILD_DIED",
      detail: { signal: "SIGKILL" },
    });
    await session.close();
    expect((await withSession(open(), runTask)).fault).toBeNull();
  });

  test("waits for nobody: when all sandboxes are taken, the caller hears of it", async () => {
    const sessions = await Promise.all([open(), open()]);
    expect(pool.hasRoom).toBe(false);
    await expect(open()).rejects.toMatchObject({ code: "SANDBOX_BUSY" });
    await Promise.all(sessions.map((session) => session.close()));
    expect(pool.hasRoom).toBe(true);
  });
});

describe("no process is left", () => {
  test("after stop, however busy the children are", async () => {
    const own = await createSandboxPool({ clock: systemClock }, { maxSessions: 1, warm: 2 });
    const before = childrenOf(process.pid);
    const session = await own.open(bulkLoop, { hostLimits });
    const running = session.runSegment(firstSegment);
    running.catch(() => {});
    await own.stop();
    await expect(running).rejects.toMatchObject({ code: "SANDBOX_STOPPED" });
    await expect(own.open(hello, { hostLimits })).rejects.toMatchObject({
      code: "SANDBOX_STOPPED",
    });
    const after = childrenOf(process.pid);
    expect(after.length).toBeLessThan(before.length);
    expect(after.filter((pid) => !before.includes(pid))).toEqual([]);
  });

  test("when the node itself is killed in the middle of a task", async () => {
    const node = execFile(process.execPath, [
      fileURLToPath(new URL("./testing/busy-node.ts", import.meta.url)),
    ]);
    const pids = await new Promise<number[]>((resolve) => {
      node.stdout?.once("data", () => resolve(childrenOf(node.pid ?? 0)));
    });
    expect(pids).toHaveLength(1);
    node.kill("SIGKILL");
    await expect.poll(() => pids.filter(runs), { timeout: 5_000 }).toEqual([]);
  });
});
