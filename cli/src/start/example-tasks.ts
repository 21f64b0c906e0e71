import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { defineTask, type Task } from "@meshwork/api/client";
import { utf8 } from "@meshwork/foundation";
import { z } from "zod";

/** A task that the agent of `meshwork start` hands in: real input, and what to tell of its output. */
export interface Example {
  readonly name: string;
  readonly about: string;
  readonly task: Task<z.ZodType<Uint8Array>, z.ZodType>;
  readonly input: Uint8Array;
  /** Of the file that the output goes to. */
  readonly extension: "json" | "png";
  /** The output in one line. */
  summary(output: unknown): string;
}

const repository = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));

const bytes = z.instanceof(Uint8Array);

/** Of what `test/examples/lockfile-analysis` answers, the part that the summary needs. */
const analysis = z.looseObject({
  packages: z.int(),
  names: z.int(),
  severalVersions: z.array(z.unknown()),
  licences: z.record(z.string(), z.int()),
  integrity: z.looseObject({ coveragePercent: z.number() }),
});

async function lockfileAnalysis(): Promise<Example> {
  const program = await readFile(repository("test/examples/lockfile-analysis/program.js"), "utf8");
  return {
    name: "lockfile-analysis",
    about: "what is in this repository's package-lock.json, asked in JavaScript",
    task: defineTask({ runtime: "js-qjs-v1", program, input: bytes, output: analysis }),
    input: await readFile(repository("package-lock.json")),
    extension: "json",
    summary(output) {
      const { packages, names, severalVersions, licences, integrity } = analysis.parse(output);
      return (
        `${packages} packages, ${names} names, ${severalVersions.length} in several versions, ` +
        `${Object.keys(licences).length} licences, ${integrity.coveragePercent} % with an integrity hash`
      );
    },
  };
}

/** width, height, centre, span, iterations: a bay of the seahorse valley. */
const VIEW = "640 400 -0.7436 0.1318 0.012 400";

async function mandelbrot(): Promise<Example> {
  const program = await readFile(repository("test/examples/mandelbrot/mandelbrot.wasm"));
  const task = defineTask({
    runtime: "wasm-step-v1",
    program: new Uint8Array(program),
    input: bytes,
    output: bytes,
    outputAs: "bytes",
  });
  return {
    name: "mandelbrot",
    about: "a picture, band by band, in WebAssembly",
    task,
    input: utf8(VIEW),
    extension: "png",
    summary: (output) => `a PNG picture of ${bytes.parse(output).length} bytes`,
  };
}

export const exampleTasks = (): Promise<Example[]> =>
  Promise.all([lockfileAnalysis(), mandelbrot()]);
