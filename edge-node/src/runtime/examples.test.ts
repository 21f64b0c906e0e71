import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import { fromUtf8, utf8 } from "@meshwork/foundation";
import { describe, expect, test } from "vitest";
import { compileAssemblyScript, examples } from "../../../test/examples/compile.ts";
import { loadJsEngine } from "./js-engine.ts";
import { compile } from "./metered-instance.ts";
import { openTask } from "./open-task.ts";
import { runTask } from "./run-task.ts";
import type { Task } from "./runtime.ts";
import { jsTask, taskOf, wasmTask } from "./testing/tasks.ts";

const engine = compile(loadJsEngine());
const read = (path: string | URL) => new Uint8Array(readFileSync(path));

function run(task: Task) {
  const session = openTask(task, engine);
  return runTask({ steps: session.steps, runSegment: async (s) => session.runSegment(s) });
}

describe("mandelbrot", () => {
  const module = read(examples.mandelbrot.compiled);
  const picture = (input: string) =>
    run(wasmTask(module, { inputs: [utf8(input)], limits: { fuel: 5_000_000_000n } }));

  test("is compiled from the source that lies beside it", async () => {
    expect(Buffer.compare(await compileAssemblyScript(examples.mandelbrot.source), module)).toBe(0);
  }, 120_000); // Two seconds on an idle machine.

  test("writes a PNG file, a band a step, whose checksums hold", async () => {
    const { output, steps, fault } = await picture("60 47 -0.65 0 3.4 50");
    expect({ steps, fault }).toEqual({ steps: 3, fault: null });
    const { pixels, chunks } = decodePng(output);
    expect(chunks).toEqual(["IHDR", "PLTE", "IDAT", "IDAT", "IDAT", "IEND"]);
    expect(pixels.length).toBe(47 * 61);
    const at = (x: number, y: number) => pixels[y * 61 + 1 + x];
    expect(at(30, 23)).toBe(0); // inside the set
    expect(at(0, 0)).toBeGreaterThan(0); // outside
  });

  test("traps on an input that it does not understand", async () => {
    expect((await picture("wide high")).fault).toBe("TRAP");
    expect((await picture("9999 9999 0 0 1 1")).fault).toBe("TRAP");
  });
});

/** Throws unless every checksum of the file is right. */
function decodePng(file: Uint8Array): { chunks: string[]; pixels: Uint8Array } {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  expect(view.getBigUint64(0)).toBe(0x89504e470d0a1a0an);
  const chunks: string[] = [];
  const data: Uint8Array[] = [];
  for (let at = 8; at < file.length; at += 12 + view.getUint32(at)) {
    const contents = file.subarray(at + 4, at + 8 + view.getUint32(at));
    expect(view.getUint32(at + 4 + contents.length)).toBe(crc32(contents));
    chunks.push(fromUtf8(contents.subarray(0, 4)));
    if (chunks.at(-1) === "IDAT") data.push(contents.subarray(4));
  }
  return { chunks, pixels: inflateSync(Buffer.concat(data)) };
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

describe("lockfile analysis", () => {
  const program = fromUtf8(
    read(new URL("../../../test/examples/lockfile-analysis/program.js", import.meta.url)),
  );
  const analyse = (lockfile: unknown) =>
    run(jsTask(program, { inputs: [utf8(JSON.stringify(lockfile))] }));

  test("counts what is in a lockfile", async () => {
    const sha = { integrity: "sha512-abc", license: "MIT" };
    const { output } = await analyse({
      name: "sample",
      lockfileVersion: 3,
      packages: {
        "": { name: "sample" },
        "node_modules/@x/a": { version: "1.0.0", ...sha },
        "node_modules/b": { version: "2.0.0", ...sha, hasInstallScript: true },
        "node_modules/@x/a/node_modules/b": { version: "1.0.0", dev: true },
        "node_modules/local": { link: true, resolved: "local" },
        local: { version: "0.0.0" },
      },
    });
    expect(JSON.parse(fromUtf8(output))).toEqual({
      project: "sample",
      lockfileVersion: 3,
      packages: 3,
      workspaces: 1,
      names: 2,
      forDevelopmentOnly: 1,
      optional: 0,
      licences: { MIT: 2, "not stated": 1 },
      scopes: { "@x": 1, none: 2 },
      nesting: { 1: 2, 2: 1 },
      severalVersions: [{ name: "b", versions: ["1.0.0", "2.0.0"] }],
      integrity: { hashed: 2, coveragePercent: 66.6, algorithms: { sha512: 2 }, without: ["b"] },
      withInstallScript: ["b@2.0.0"],
    });
  });

  test("says so when the input is something else", async () => {
    expect((await analyse({ dependencies: {} })).fault).toBe("PROGRAM_ERROR");
  });
});

describe("option pricing", () => {
  const module = read(examples.optionPricing.compiled);
  const price = (input: string) => run(wasmTask(module, { inputs: [utf8(input)] }));

  test("is compiled from the source that lies beside it", async () => {
    const compiled = await compileAssemblyScript(examples.optionPricing.source);
    expect(Buffer.compare(compiled, module)).toBe(0);
  }, 120_000);

  test("agrees with the closed form where there is one, in as many steps as it takes", async () => {
    const { output, steps } = await price("100 105 0.03 0.2 1 50000");
    const { paths, european, asian } = JSON.parse(fromUtf8(output));
    expect({ paths, steps }).toEqual({ paths: 50_000, steps: 3 });
    // Black and Scholes, to four places.
    expect(Math.abs(european.price - 7.1281)).toBeLessThan(4 * european.standardError);
    expect(asian.price).toBeLessThan(european.price); // An average moves less than its last value.
  });

  test("traps on an input that it does not understand", async () => {
    expect((await price("a cheap one, please")).fault).toBe("TRAP");
  });
});

describe("text index", () => {
  const program = fromUtf8(
    read(new URL("../../../test/examples/text-index/program.js", import.meta.url)),
  );
  const index = (documents: unknown) =>
    run(jsTask(program, { inputs: [utf8(JSON.stringify(documents))] }));

  test("holds every word with its documents, built in several steps", async () => {
    const filler = Array.from({ length: 60 }, (_, i) => ({
      id: `filler ${i}`,
      text: "Filler text",
    }));
    const { output, steps } = await index([
      { id: "a", text: "The constructor of the Übung, the übung." },
      ...filler,
    ]);
    const built = JSON.parse(fromUtf8(output));
    expect(steps).toBe(2);
    expect(built.documents).toBe(61);
    expect(built.lengths.a).toBe(3);
    expect(built.index.übung.documents).toEqual({ a: 2 });
    expect(built.index.constructor.documents).toEqual({ a: 1 });
    expect(built.index.the).toBeUndefined();
    expect(built.index.übung.rarity).toBeGreaterThan(built.index.filler.rarity);
  });

  test("says so when two documents have one name", async () => {
    expect(
      (
        await index([
          { id: 1, text: "" },
          { id: 1, text: "" },
        ])
      ).fault,
    ).toBe("PROGRAM_ERROR");
  });
});

describe("log analysis", () => {
  test("counts what is in an access log, and says what it could not read", async () => {
    const module = read(examples.logAnalysis.compiled);
    const lines = [
      '10.0.0.1 - - [10/Oct/2026:13:55:36 +0000] "GET /a?q=1 HTTP/1.1" 200 1000 "-" "curl"',
      '10.0.0.2 - ann [10/Oct/2026:13:56:00 +0000] "GET /b HTTP/1.1" 404 -',
      '10.0.0.1 - - [10/Oct/2026:14:00:00 +0000] "POST /a HTTP/1.1" 500 24',
      "this is no line of a log",
    ];
    const task = taskOf("wasi-cmd-v1", module, { inputs: [utf8(`${lines.join("\n")}\n`)] });
    const { output, fault } = await run(task);
    expect(fault).toBeNull();
    const words = fromUtf8(output).replace(/\s+/g, " ");
    for (const part of [
      "requests 3, unreadable lines 1, bytes 1024 2xx 1 4xx 1 5xx 1",
      "by hour 13:00 2 14:00 1",
      "paths (2 different) 2 /a 1 /b",
      "clients (2 different) 2 10.0.0.1 1 10.0.0.2",
    ])
      expect(words).toContain(part);
  });
});
