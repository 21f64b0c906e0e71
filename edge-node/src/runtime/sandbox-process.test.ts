import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { loadJsEngine } from "./js-engine.ts";
import { runTask, type TaskRun } from "./run-task.ts";
import type { Segment, Task } from "./runtime.ts";
import { type SandboxCommand, sandboxCommand } from "./sandbox-command.ts";
import { SandboxError } from "./sandbox-error.ts";
import { encodeOpen, encodePrepare, encodeSegment } from "./sandbox-messages.ts";
import { SandboxProcess } from "./sandbox-process.ts";
import { jsTask, program, wasmTask } from "./testing/tasks.ts";

const prepare = encodePrepare(loadJsEngine());

/** A child that runs `script` in the sandbox's place. */
const impostor = (script: string): SandboxCommand => ({
  file: process.execPath,
  parameters: ["-"],
  program: `const s = new (require("net").Socket)({ fd: 3 }); s.resume(); ${script}`,
  walls: [],
});

describe("a child that was taken over", () => {
  /** Writes all headers at once, each in a frame of its own. */
  const frames = `const frames = (...headers) => s.write(Buffer.concat(headers.map((header) => {
    const text = Buffer.from(JSON.stringify(header)), lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(text.length + 4);
    lengths.writeUInt32BE(text.length, 4);
    return Buffer.concat([lengths, text]);
  })));`;
  const open = encodeOpen(wasmTask(program("")));

  test.each([
    ["noise", 's.write("GET / HTTP/1.1\\r\\n\\r\\n")', "CHILD_LIES"],
    ["a frame of four gigabytes", "s.write(Buffer.alloc(1e6, 255))", "CHILD_LIES"],
    [
      "an answer that nobody asked for",
      `${frames} frames({ kind: "ready" }, { kind: "opened", steps: 1 })`,
      "CHILD_LIES",
    ],
    [
      "a lie about a step",
      `${frames} frames({ kind: "ready" });
       s.on("data", () => frames({ kind: "opened", steps: 1e9 }))`,
      "CHILD_LIES",
    ],
    ["nothing, and dies", "process.exit(3)", "CHILD_DIED"],
    ["its last words", 'throw new Error("overheated")', "CHILD_DIED"],
  ])("that sends %s is killed, and its task gets a coded error", async (_what, script, code) => {
    const child = new SandboxProcess(impostor(script), prepare);
    await expect(child.ask(open, 0)).rejects.toMatchObject({ code });
    await child.exited;
    expect(child.alive).toBe(false);
  });

  test("that cannot be started says so", async () => {
    const child = new SandboxProcess(
      { file: "/nowhere", parameters: [], program: "", walls: [] },
      prepare,
    );
    await expect(child.ask(open, 0)).rejects.toMatchObject({ code: "CHILD_DIED" });
    await child.exited;
  });
});

describe("the sandbox's walls", () => {
  /** Asks the real command line what a script may do in place of the child. */
  async function tries(script: string): Promise<string> {
    const command = { ...(await sandboxCommand()), program: script };
    const child = new SandboxProcess(command, []);
    const error: unknown = await child.ask([], 0).catch((reason: unknown) => reason);
    await child.exited;
    return error instanceof SandboxError ? error.message : "no error";
  }
  const report = (attempt: string) =>
    `try { ${attempt}; console.error("DONE") } catch (error) { console.error("REFUSED", error.code) } process.exit(0);`;

  test("let it read no file, not even its own, write none, and start nothing", async () => {
    const own = fileURLToPath(new URL("./sandbox-child.ts", import.meta.url));
    const attempts = [
      `const fs = await import("node:fs"); fs.readFileSync(${JSON.stringify(own)})`,
      'const fs = await import("node:fs"); fs.readFileSync("/etc/passwd")',
      'const fs = await import("node:fs"); fs.writeFileSync("/tmp/escaped", "x")',
      'const { execFileSync } = await import("node:child_process"); execFileSync("true")',
      'const { Worker } = await import("node:worker_threads"); new Worker("1", { eval: true })',
    ];
    for (const attempt of attempts)
      expect(await tries(report(attempt)), attempt).toContain("REFUSED ERR_ACCESS_DENIED");
  });

  test("give it no environment and no code from text", async () => {
    expect(
      await tries(report("if (Object.keys(process.env).length > 0) throw { code: 'LEAKED' }")),
    ).toContain("DONE");
    expect(await tries(report('new Function("return 1")()'))).toContain("REFUSED");
  });
});

/** Runs tasks, one after the other, in a child whose V8 has other flags. */
async function runUnder(flags: readonly string[], tasks: readonly Task[]): Promise<TaskRun[]> {
  const child = new SandboxProcess(await sandboxCommand({ flags }), prepare);
  const runs: TaskRun[] = [];
  for (const task of tasks) {
    const opened = await child.ask(encodeOpen(task), 0);
    if (opened.kind !== "opened") throw new Error(opened.kind);
    const runSegment = async (segment: Segment) => {
      const reply = await child.ask(encodeSegment(segment), 1 << 22);
      if (reply.kind !== "outcome") throw new Error(reply.kind);
      return reply.outcome;
    };
    runs.push(await runTask({ steps: opened.steps, runSegment }));
  }
  child.kill(new SandboxError("ABORTED", "the test is over"));
  await child.exited;
  return runs;
}

test("result, trace and fuel are the same under either of V8's compilers, cold and warm", async () => {
  const floats = program(
    `(local $x f64) (local.set $x (f64.div (f64.const 0) (f64.const 0)))
     (f64.store (i32.const 0) (f64.add (local.get $x) (f64.const 1)))
     (f64.store (i32.const 8) (f64.sqrt (f64.convert_i32_s (i32.add (local.get $k) (i32.const 2)))))
     (call $output_write (i32.const 0) (i32.const 16))`,
    { steps: 3 },
  );
  const deep = program("(call $r)", { more: "(func $r (local i64 i64 f64) call $r)" });
  const script = `function main() {
    const depth = (n) => { try { return depth(n + 1) } catch { return n } };
    return [depth(0), 0 / 0, Math.sin(1e9), [3, 1, 2].sort(), /(a|b)+c/.exec("xababc")[0], Math.random()];
  }`;
  const tasks = [wasmTask(floats), wasmTask(deep), jsTask(script)];
  const usual = await runUnder([], tasks);
  expect(usual.map(({ fault }) => fault)).toEqual([null, "STACK_OVERFLOW", null]);
  for (const flags of [[], ["--liftoff-only"], ["--no-liftoff"]])
    expect(await runUnder(flags, tasks.toReversed())).toEqual(usual.toReversed());
}, 120_000); // Five seconds on an idle machine: TurboFan compiles all of QuickJS.
