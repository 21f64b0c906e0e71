import { readFileSync } from "node:fs";
import { fromUtf8, utf8 } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { openTask } from "./open-task.ts";
import type { SegmentOutcome, Task } from "./runtime.ts";
import { assemble, firstSegment, taskOf } from "./testing/tasks.ts";
import { withArguments } from "./wasi/command-line.ts";
import { ERRNO } from "./wasi/errno.ts";
import { WASI_SIGNATURES } from "./wasi/signatures.ts";

const probe = new Uint8Array(readFileSync(new URL("./testing/probe/probe.wasm", import.meta.url)));
const inputs = [utf8("one\ntwo\nthree\n"), utf8("the second")];

type Options = Parameters<typeof taskOf>[2];
const command = (module: Uint8Array<ArrayBuffer>, options: Options = {}): Task =>
  taskOf("wasi-cmd-v1", module, { inputs, ...options });
const run = (task: Task): SegmentOutcome => openTask(task, null).runSegment(firstSegment);
const outputOf = (outcome: SegmentOutcome): Uint8Array => {
  if (outcome.kind === "fault") throw new Error(`${outcome.code}: ${outcome.message}`);
  return outcome.output;
};

describe("a command compiled from C", () => {
  test("reads its input, its files and its arguments, and finds nothing of the machine", () => {
    const output = outputOf(run(command(withArguments(probe, ["-v", "two words", ""]))));
    expect(fromUtf8(output)).toBe(
      [
        "[command][-v][two words][]",
        "stdin: 3 lines",
        "/in/1: the second",
        "/in/0 w: Permission denied",
        "/in/new w: Permission denied",
        "/etc/passwd r: No such file or directory",
        "../../etc/passwd r: Capabilities insufficient",
        "PATH: none",
        "time: 0",
        "random: f3c9ebfd",
        "/in",
        "/out",
        "",
      ].join("\n"),
    );
  });

  test("leaves files in an archive that holds nothing but names and bytes", () => {
    const files = untar(outputOf(run(command(withArguments(probe, ["files"])))));
    expect([...files.keys()]).toEqual(["out/holes.bin", "out/sub/list.txt", "stdout"]);
    expect(fromUtf8(files.get("out/sub/list.txt") ?? new Uint8Array(0))).toBe("one\ntwo\n");
    expect(files.get("out/holes.bin")).toEqual(utf8("hello\0\0\0\0\0x"));
    expect(fromUtf8(files.get("stdout") ?? new Uint8Array(0))).toContain(
      "scratch had 4 bytes; removed: 0",
    );
  });

  test("that leaves with a code has failed, and its last words are the reason", () => {
    expect(run(command(withArguments(probe, ["fail"])))).toMatchObject({
      kind: "fault",
      code: "PROGRAM_ERROR",
      message: "the command left with code 3: it failed, as asked",
    });
  });

  test("does the same again, to the last unit of fuel", () => {
    const task = command(withArguments(probe, ["files"]));
    const session = openTask(task, null);
    const first = session.runSegment(firstSegment);
    expect(session.runSegment(firstSegment)).toEqual(first);
    expect(run(task)).toEqual(first);
    const { fuel } = first;
    const granted = (most: bigint) => run(command(task.program.bytes, { limits: { fuel: most } }));
    expect(granted(fuel)).toEqual(first);
    expect(granted(fuel - 1n)).toMatchObject({ code: "OUT_OF_FUEL", fuel: fuel - 1n });
  });
});

/** Reads the archive by the standard's own fields, and holds every checksum against its header. */
function untar(archive: Uint8Array): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  const text = (from: number, to: number) => fromUtf8(archive.slice(from, to)).split("\0")[0] ?? "";
  let at = 0;
  for (; text(at, at + 100) !== ""; ) {
    const header = archive.slice(at, at + 512);
    const sum = Number.parseInt(fromUtf8(header.slice(148, 154)), 8);
    header.fill(0x20, 148, 156);
    expect(header.reduce((total, byte) => total + byte, 0)).toBe(sum);
    expect(fromUtf8(header.slice(257, 265))).toBe("ustar\x0000");
    const size = Number.parseInt(text(at + 124, at + 136), 8);
    files.set(text(at, at + 100), archive.slice(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  expect(archive.length - at).toBe(1_024);
  return files;
}

/** A command whose `_start` is `body`, with every function of WASI at hand as `$name`. */
const commandOf = (body: string, more = ""): Uint8Array<ArrayBuffer> => {
  const types = { i: "i32", I: "i64" } as const;
  const imports = Object.entries(WASI_SIGNATURES).map(([name, signature]) => {
    const [parameters = "", results = ""] = signature.split(":");
    const words = (letters: string) => [...letters].map((letter) => types[letter as "i" | "I"]);
    return `(import "wasi_snapshot_preview1" "${name}" (func $${name}
      (param ${words(parameters).join(" ")}) (result ${words(results).join(" ")})))`;
  });
  return assemble(
    `(module ${imports.join("\n")} (memory (export "memory") 2) ${more} (func (export "_start") ${body}))`,
  );
};

/** Leaves with the number that a call answers: what it is shows in the fault's message. */
const answerOf = (call: string, more = "") => {
  const outcome = run(command(commandOf(`(call $proc_exit (call ${call}))`, more)));
  if (outcome.kind === "done") return 0;
  return Number(/code (\d+)/.exec(outcome.message)?.[1]);
};

describe("calls", () => {
  test("that reach for the world are answered by a number, never by the world", () => {
    const { notSupported } = ERRNO;
    expect(answerOf("$sock_accept (i32.const 3) (i32.const 0) (i32.const 0)")).toBe(notSupported);
    expect(answerOf("$proc_raise (i32.const 9)")).toBe(notSupported);
    expect(
      answerOf("$poll_oneoff (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)"),
    ).toBe(notSupported);
    expect(
      answerOf(
        "$path_symlink (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 0) (i32.const 1)",
      ),
    ).toBe(notSupported);
  });

  test("know what is open", () => {
    expect(answerOf("$fd_close (i32.const 77)")).toBe(ERRNO.badFile);
    expect(answerOf("$fd_close (i32.const 1)")).toBe(ERRNO.success);
    expect(answerOf("$fd_tell (i32.const 1) (i32.const 0)")).toBe(ERRNO.illegalSeek);
    expect(answerOf("$fd_tell (i32.const 3) (i32.const 0)")).toBe(ERRNO.isDirectory);
    expect(answerOf("$fd_seek (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 0)")).toBe(
      ERRNO.invalid,
    );
  });
});

describe("a command that means harm", () => {
  const path = '(data (i32.const 64) "out/bomb")';
  const open = `(drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 8)
    (i32.const 1) (i64.const -1) (i64.const -1) (i32.const 0) (i32.const 0)))`;
  const write = "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 32)))";
  const oneBuffer = '(data (i32.const 0) "\\00\\00\\00\\00\\00\\00\\01\\00")'; // 65,536 bytes from 0
  const cases: [title: string, code: string, module: Uint8Array<ArrayBuffer>][] = [
    ["loops for ever", "OUT_OF_FUEL", commandOf("(loop br 0)")],
    ["gives up", "TRAP", commandOf("unreachable")],
    ["calls itself for ever", "STACK_OVERFLOW", commandOf("(call $r)", "(func $r (call $r))")],
    ["floods its output", "OUTPUT_LIMIT", commandOf(`(loop ${write} br 0)`, oneBuffer)],
    ["writes nothing for ever", "OUT_OF_FUEL", commandOf(`(loop ${write} br 0)`)],
    [
      "makes a file of four gigabytes by its size",
      "OUTPUT_LIMIT",
      commandOf(
        `${open} (drop (call $fd_filestat_set_size (i32.load (i32.const 0)) (i64.const 4294967295)))`,
        path,
      ),
    ],
    [
      "makes a large file and a small one of it, again and again",
      "OUT_OF_FUEL",
      commandOf(
        `${open} (loop (drop (call $fd_filestat_set_size (i32.load (i32.const 0)) (i64.const 1000000)))
          (drop (call $fd_filestat_set_size (i32.load (i32.const 0)) (i64.const 0))) br 0)`,
        path,
      ),
    ],
    [
      "lists its files for ever",
      "OUT_OF_FUEL",
      commandOf(
        "(loop (drop (call $fd_readdir (i32.const 3) (i32.const 0) (i32.const 4096) (i64.const 0) (i32.const 8))) br 0)",
      ),
    ],
    [
      "wants four billion random bytes",
      "OUT_OF_FUEL",
      commandOf("(drop (call $random_get (i32.const 0) (i32.const -1)))"),
    ],
    [
      "names an address that is not there",
      "TRAP",
      commandOf("(drop (call $random_get (i32.const -16) (i32.const 64)))"),
    ],
    ["has no start", "PROGRAM_REFUSED", assemble('(module (memory (export "memory") 1))')],
    [
      "imports another generation of WASI",
      "PROGRAM_REFUSED",
      assemble('(module (import "wasi_unstable" "fd_close" (func (param i32) (result i32))))'),
    ],
  ];

  test.each(cases)("%s: %s", (_title, code, module) => {
    const task = command(module, { limits: { fuel: 50_000_000n } });
    const outcome = run(task);
    expect(outcome.kind === "fault" ? outcome.code : "done").toBe(code);
    expect(outcome.fuel).toBeLessThanOrEqual(50_000_000n);
    expect(run(task)).toEqual(outcome);
  });

  test("opens files until there are no numbers left, and is told so", () => {
    const looping = `(local $n i32) (loop ${open.replace("(drop", "(local.set $n")}
      (br_if 0 (i32.eqz (local.get $n)))) (call $proc_exit (local.get $n))`;
    expect(run(command(commandOf(looping, path)))).toMatchObject({
      message: `the command left with code ${ERRNO.tooManyFiles}`,
    });
  });
});
